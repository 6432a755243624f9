<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

final class BasketTest extends TestCase
{
    private const PRICES = ['apple' => 1, 'pear' => 2];

    private function total(string ...$names): int
    {
        return array_sum(array_map(fn (string $name): int => self::PRICES[$name], $names));
    }

    public function testEmptyBasketCostsNothing(): void
    {
        echo "adding nothing, für alle <&\">\n";
        $this->assertSame(0, $this->total());
    }

    public function testTotalOfTwo(): void
    {
        $this->assertSame(4, $this->total('apple', 'pear'), 'apples & pears cost <4> "crowns"');
    }

    public function testBreaks(): void
    {
        throw new RuntimeException('the scale broke');
    }

    public function testWarns(): void
    {
        $this->assertSame(1, $this->total('plum'));
    }

    public function testDiscount(): void
    {
        $this->markTestSkipped('discounts come in spring <&>');
    }

    public function testRounding(): void
    {
        $this->markTestIncomplete('rounding is not done yet');
    }

    public function testRisky(): void
    {
        $this->total('apple');
    }

    /** @depends testTotalOfTwo */
    public function testDependsOnTotal(): void
    {
        $this->fail('never run');
    }

    /** @return array<string, array{string, int}> */
    public static function prices(): array
    {
        return ['one' => ['apple', 1], 'Birne <&"> 3 €' => ['pear', 3], 'two' => ['pear', 2]];
    }

    /** @dataProvider prices */
    public function testPrice(string $name, int $cost): void
    {
        $this->assertSame($cost, $this->total($name));
    }

    public function testGrößeÜberprüft(): void
    {
        $this->assertSame('ö', 'ö');
    }
}
