#include "cli/handle.h"

#include "cli/exit_code.h"

namespace kssedr::cli {

Task<CommandResult> run_handle(std::string_view message, engine::Intake& intake, PrinterOptions options) {
    auto const handled = co_await intake.handle(std::span(&message, 1), {});
    CommandResult result;
    std::vector<rotation::Outcome> outcomes;
    for (auto const& one : handled) {
        result.output += format_result(one.outcome, options);
        outcomes.push_back(one.outcome);
    }
    result.exit_code = exit_code(outcomes, Unmanaged::is_fine);
    co_return result;
}

}  // namespace kssedr::cli
