/// HookProcess: a hook's program, run once: what it reads, what it wrote, how it ended.
///
/// There is no shell. The program gets its arguments, its own environment and nothing of ours: no descriptor but the
/// three of its own, no memory dump, the folder `/`, a process group of its own. It ends with its group at the
/// deadline, when it wrote too much, or when whoever waits is cancelled; and the program itself ends with us.

#pragma once

#include "async/clock.h"
#include "providers/hook_protocol.h"

#include <vector>

#include <sys/types.h>

namespace kssedr::providers {

class HookProcess {
public:
    /// It outlives this.
    explicit HookProcess(Clock& clock) : clock_(clock) {}
    HookProcess(HookProcess const&) = delete;
    HookProcess& operator=(HookProcess const&) = delete;
    ~HookProcess();

    /// Runs `hook.command` and hands it the input, at most 4 KB. An exit status other than 0, a signal, too long an
    /// answer, or that it did not end in time is the answer's failure, `outcome_unknown`. Errors: `unavailable` (it
    /// could not be started), `deadline_exceeded`. Event loop thread only. `hook` outlives the call.
    Async<HookAnswer> run(rotation::Hook const& hook, SecretString input, SteadyPoint deadline);

private:
    class Running;

    void reap();

    Clock& clock_;
    std::vector<pid_t> killed_;  // their end has not been seen yet
};

}  // namespace kssedr::providers
