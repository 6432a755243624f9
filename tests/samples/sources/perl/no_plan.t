use strict;
use warnings;
use Test::More;

ok(1, 'first article');
ok(1, 'second article');
die "the scale broke\n";
