<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

final class ReceiptTest extends TestCase
{
    protected function tearDown(): void
    {
        throw new RuntimeException('the receipt printer is out of paper');
    }

    public function testPrints(): void
    {
        $this->assertTrue(true);
    }
}
