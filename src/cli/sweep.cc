#include "cli/sweep.h"

#include "base/ascii.h"
#include "cli/exit_code.h"

#include <fmt/format.h>

namespace kssedr::cli {
namespace {

std::string format_summary(engine::SweepSummary const& summary, PrinterOptions options, bool is_plan) {
    auto const soonest = summary.soonest_expiry() ? format_rfc3339(*summary.soonest_expiry()) : std::string();
    if (options.json) {
        std::string text = fmt::format(
            R"({{"schema":1,"summary":"{}","due":{},"done":{},"revoked":{},"deferred":{},"refused":{},"failed":{},"overdue":{},"unreadable":{})",
            is_plan ? "plan" : "sweep", summary.due, summary.done, summary.revoked, summary.deferred, summary.refused,
            summary.failed, summary.overdue, summary.unreadable());
        if (!soonest.empty()) text += fmt::format(R"(,"soonestExpiry":"{}")", soonest);
        return text + "}\n";
    }
    std::string text = fmt::format("{} due: {} {}, {} deferred, {} refused, {} failed", summary.due, summary.done,
                                   is_plan ? "to be done" : "done", summary.deferred, summary.refused, summary.failed);
    if (summary.revoked != 0) text += fmt::format("; {} {}", summary.revoked, is_plan ? "to be revoked" : "revoked");
    if (summary.overdue != 0) text += fmt::format("; {} expired and not done", summary.overdue);
    if (summary.unreadable() != 0) text += fmt::format("; {} vaults could not be listed", summary.unreadable());
    if (!soonest.empty()) text += "; the next expiry is on " + soonest;
    return text + '\n';
}

}  // namespace

Result<std::vector<rotation::VaultHost>> choose_vaults(CommandLine const& line, rotation::Policy const& policy,
                                                       std::string_view vault_suffix) {
    std::vector<rotation::VaultHost> vaults;
    for (std::string_view text : line.vault_urls) {
        constexpr std::string_view scheme = "https://";
        if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
        while (text.ends_with('/')) text.remove_suffix(1);
        KSSEDR_TRY(auto host, text.find('.') == std::string_view::npos
                                  ? rotation::make_vault_host(text, vault_suffix)
                                  : rotation::parse_vault_host(text, vault_suffix));
        vaults.push_back(std::move(host));
    }
    if (vaults.empty() && !policy.names_vaults())
        return fail(Errc::invalid_argument, "which vaults? Name them (https://{vault}), or set KSSEDR_VAULTS");
    return vaults;
}

Task<int> run_sweep(std::vector<rotation::VaultHost> vaults, engine::Sweeper& sweeper, Print print,
                    PrinterOptions options) {
    std::vector<rotation::Outcome> outcomes;
    engine::SweepRequest request;
    request.vaults = std::move(vaults);
    auto const summary = co_await sweeper.sweep(std::move(request), [&](rotation::Outcome const& outcome) {
        print(format_result(outcome, options));
        outcomes.push_back(outcome);
    });
    print(format_summary(summary, options, false));
    int const code = exit_code(outcomes, Unmanaged::is_fine);
    co_return code == exit_done&& summary.unreadable() != 0 ? exit_failed : code;
}

Task<int> run_plan(CommandLine const& line, std::vector<rotation::VaultHost> vaults, engine::Sweeper& sweeper,
                   Print print, PrinterOptions options) {
    options.is_plan = true;
    engine::SweepRequest request;
    request.vaults = std::move(vaults);
    request.within = line.within;
    auto const summary = co_await sweeper.sweep(
        std::move(request), [&](rotation::Outcome const& outcome) { print(format_result(outcome, options)); });
    print(format_summary(summary, options, true));
    co_return line.wants_exit_code&& summary.done + summary.revoked != 0 ? exit_would_change : exit_done;
}

}  // namespace kssedr::cli
