use strict;
use warnings;
use Test::More tests => 4;

ok(1, 'till is there');
ok(0, 'till is open');
BAIL_OUT('the till does not answer');
