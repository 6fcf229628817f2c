#include "cli/exit_code.h"

#include <algorithm>

namespace kssedr::cli {

int exit_code(std::span<rotation::Outcome const> outcomes, Unmanaged unmanaged) {
    using rotation::OutcomeKind;
    auto const any = [&](OutcomeKind kind) {
        return std::ranges::any_of(outcomes, [&](rotation::Outcome const& outcome) { return outcome.kind == kind; });
    };
    if (any(OutcomeKind::refused)) return exit_person;
    if (unmanaged == Unmanaged::needs_person && any(OutcomeKind::unmanaged)) return exit_person;
    return any(OutcomeKind::failed) ? exit_failed : exit_done;
}

}  // namespace kssedr::cli
