<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

final class TillTest extends TestCase
{
    protected function setUp(): void
    {
        throw new RuntimeException('the till does not answer');
    }

    public function testOpens(): void
    {
        $this->fail('never run');
    }
}
