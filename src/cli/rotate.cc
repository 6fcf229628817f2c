#include "cli/rotate.h"

#include "cli/exit_code.h"

namespace kssedr::cli {
namespace {

// Longer than any time of doubt; a person can interrupt at any instant.
constexpr Duration longest_command = std::chrono::minutes{15};

}  // namespace

Task<CommandResult> run_rotate(CommandLine const& line, rotation::SecretRef secret, engine::Rotator& rotator,
                               Clock& clock, PrinterOptions options, Confirm confirm) {
    engine::RotationRequest request;
    request.secret = std::move(secret);
    request.ignores_due = true;
    request.ignores_freeze = line.is_forced || line.is_compromised;
    request.is_compromised = line.is_compromised;
    bool const is_to_ask = line.is_compromised && !line.is_sure;
    request.is_dry_run = line.is_dry_run || is_to_ask;
    request.deadline = clock.steady_now() + longest_command;
    auto examination = co_await rotator.rotate(request);
    CommandResult result;
    if (is_to_ask && !line.is_dry_run && examination.outcome.code == "dry-run") {
        auto const& reason = examination.outcome.reason;
        if (!confirm || !confirm("This " + reason.substr(0, reason.rfind("; nothing was changed")))) {
            result.complaint = "--compromised " + reason + "; give --yes to do it";
            result.exit_code = exit_usage;
            co_return result;
        }
        request.is_dry_run = false;
        request.deadline = clock.steady_now() + longest_command;
        examination = co_await rotator.rotate(request);
    }
    result.output = format_result(examination.outcome, options);
    result.exit_code = exit_code(std::span(&examination.outcome, 1), Unmanaged::needs_person);
    co_return result;
}

Task<CommandResult> run_explain(rotation::SecretRef secret, engine::Rotator& rotator, Clock& clock,
                                PrinterOptions options) {
    engine::RotationRequest request;
    request.secret = std::move(secret);
    request.is_dry_run = true;
    request.wants_evidence = true;
    request.repairs_early = true;  // as a sweep does
    request.deadline = clock.steady_now() + longest_command;
    auto const examination = co_await rotator.rotate(std::move(request));
    CommandResult result;
    result.output = format_explanation(examination, rotator.policy(), options);
    result.exit_code = exit_code(std::span(&examination.outcome, 1), Unmanaged::needs_person);
    co_return result;
}

}  // namespace kssedr::cli
