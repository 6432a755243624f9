use strict;
use warnings;
use utf8;
use Test::More;

binmode(Test::More->builder->$_, ':encoding(UTF-8)') for qw(output failure_output todo_output);

my %price = (apple => 1, pear => 2);

sub total { my $sum = 0; $sum += $price{$_} // die "no price for $_\n" for @_; return $sum }

plan tests => 10;
is(total(), 0, 'empty basket costs nothing');
is(total('apple', 'pear'), 4, 'apples & pears cost <4> "crowns"');
ok(total('pear') == 2);
SKIP: {
    skip 'discounts come in spring', 2;
    ok(0, 'never run');
    ok(0, 'never run');
}
TODO: {
    local $TODO = 'rounding is not done yet';
    is(total('apple'), 1.005, 'rounded price');
    is(total('apple'), 1, 'thought to be broken');
}
subtest 'Größe überprüft' => sub {
    plan tests => 3;
    ok(1, 'small');
    ok(0, 'large # 1');
    subtest 'by card' => sub { ok(1, 'gold'); done_testing };
};
subtest 'no voucher' => sub { plan skip_all => 'no voucher in the basket' };
is_deeply([sort keys %price], ['apple', 'pear'], 'names \\ with a backslash');
