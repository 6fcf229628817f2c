/// What concerns the process as a whole.

#pragma once

#include "async/async.h"

namespace kssedr::app {

/// No core dump, no other process of the same user may look into this one's memory, and what TLS frees is wiped (DESIGN
/// 2, law 6). To be called first of all. Best effort: where the system refuses, nothing is lost but that.
void protect_memory();

/// As many descriptors as the system lets us have: connections of callers and calls to Azure share them, and the usual
/// soft limit is 1,024. We know no select(2), which is what that limit protects. Best effort.
void raise_descriptor_limit();

/// A reader that closes our standard output costs the lines that it would have read, not the process.
void ignore_closed_readers();

/// The process that started this one.
struct Parent {
    int pid = 0;
};

/// To be asked first thing: once the parent has ended it can not be told any more who it was.
[[nodiscard]] Parent current_parent();

/// Completes when the parent has ended: a custom handler must not outlive its host, which would leave it on the port.
/// (PR_SET_PDEATHSIG is no way: it fires when the *thread* that started us ends, and the host starts its workers from a
/// pool.) Never completes where there was no parent to lose.
Task<void> wait_for_end(Parent parent);

}  // namespace kssedr::app
