# Runs a server so that it is one tree of processes, for mod.ts: perl reaper.pl PRCTL COMMAND...
#
# Servers with two processes per session leave one of them behind when the other ends, and those
# that end by SIGTERM leave all of their sessions. Here such orphans come back to the process that
# was started, which counts their times among its own and takes them with it when it ends. It ends
# with whoever started it, too: a server that changes its user is no longer told of that itself.
# PRCTL is the number of prctl(2), which perl has no name for.
use strict;
use warnings;

my ($prctl, @command) = @ARGV;

my ($PR_SET_PDEATHSIG, $PR_SET_CHILD_SUBREAPER) = (1, 36);
my ($SIGKILL, $SIGTERM) = (9, 15);

sub prctl {
    my ($option, $value) = @_;
    syscall($prctl, $option, $value, 0, 0, 0) == 0 or die "prctl: $!\n";
}

prctl($PR_SET_CHILD_SUBREAPER, 1);

my $server = fork() // die "fork: $!\n";
if ($server == 0) {
    prctl($PR_SET_PDEATHSIG, $SIGKILL); # whoever kills this process means the server
    exec { $command[0] } @command or die "$command[0]: $!\n";
}
# A terminal that closes says HUP, and so does the kernel to orphans that are stopped.
$SIG{TERM} = $SIG{HUP} = sub { kill 'TERM', $server; kill 'CONT', $server };
prctl($PR_SET_PDEATHSIG, $SIGTERM);

my $status;
until (defined $status) {
    my $ended = wait();
    $status = $? if $ended == $server;
}

# Sessions that fork while they are listed show up in the next round; a second is plenty.
my ($WNOHANG, $left) = (1, 0);
for (1 .. 100) {
    open(my $children, '<', "/proc/self/task/$$/children") or last;
    kill 'KILL', split(' ', <$children> // '');
    do { $left = waitpid(-1, $WNOHANG) } while ($left > 0);
    last if $left < 0;
    select(undef, undef, undef, 0.01);
}
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
