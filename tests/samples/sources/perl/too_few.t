use strict;
use warnings;
use Test::More tests => 4;

diag('two of four will come');
ok(1, 'first article');
ok(0, 'second article');
