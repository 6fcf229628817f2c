#include "rotation/outcome.h"

#include "base/check.h"

namespace kssedr::rotation {

std::string_view to_string(OutcomeKind kind) {
    switch (kind) {
    case OutcomeKind::rotated: return "rotated";
    case OutcomeKind::adopted: return "adopted";
    case OutcomeKind::repaired: return "repaired";
    case OutcomeKind::superseded: return "superseded";
    case OutcomeKind::ignored: return "ignored";
    case OutcomeKind::unmanaged: return "unmanaged";
    case OutcomeKind::deferred: return "deferred";
    case OutcomeKind::refused: return "refused";
    case OutcomeKind::failed: return "failed";
    }
    KSSEDR_CHECK(false, "an outcome outside its enumeration");
}

std::string_view to_string(Trigger trigger) {
    switch (trigger) {
    case Trigger::event: return "event";
    case Trigger::sweep: return "sweep";
    case Trigger::command: return "command";
    case Trigger::api: return "api";
    }
    KSSEDR_CHECK(false, "a trigger outside its enumeration");
}

}  // namespace kssedr::rotation
