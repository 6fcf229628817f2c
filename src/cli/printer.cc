#include "cli/printer.h"

#include "base/ascii.h"
#include "engine/shadow.h"
#include "formats/json_text.h"
#include "formats/outcome_json.h"

#include <fmt/format.h>

#include <iterator>

namespace kssedr::cli {
namespace {

using rotation::OutcomeKind;

std::string_view color_of(OutcomeKind kind) {
    switch (kind) {
    case OutcomeKind::rotated:
    case OutcomeKind::adopted:
    case OutcomeKind::repaired: return "\x1b[32m";
    case OutcomeKind::refused: return "\x1b[31m";
    case OutcomeKind::failed: return "\x1b[31m";
    case OutcomeKind::deferred: return "\x1b[33m";
    default: return "\x1b[2m";
    }
}

std::string paint(std::string_view text, std::string_view color, PrinterOptions options) {
    if (!options.color) return std::string(text);
    return std::string(color) + std::string(text) + "\x1b[0m";
}

// One line of the report, its label in a column of its own.
class Report {
public:
    explicit Report(PrinterOptions options) : options_(options) {}

    void line(std::string_view label, std::string_view text, std::string_view source = {}) {
        out_ += paint(fmt::format("{:<12} ", label), "\x1b[2m", options_);
        out_ += text;
        if (!source.empty()) out_ += paint(fmt::format("  ({})", source), "\x1b[2m", options_);
        out_ += '\n';
    }
    std::string take() { return std::move(out_); }

private:
    PrinterOptions options_;
    std::string out_;
};

void report_terms(Report& report, engine::Examination const& seen) {
    auto const& terms = *seen.terms;
    if (terms.owner) report.line("rotates", terms.owner->value.text(), terms.owner->source);
    if (!seen.permitted_by.empty()) report.line("permitted by", seen.permitted_by);
    report.line("validity", format_span(terms.validity.value), terms.validity.source);
    report.line("lead", format_span(terms.lead.value), terms.lead.source);
    report.line("overlap", format_span(terms.overlap.value), terms.overlap.source);
    if (terms.revoke_after)
        report.line("revoke after", format_span(terms.revoke_after->value), terms.revoke_after->source);
    if (!terms.windows.value.empty())
        report.line("windows",
                    rotation::describe(terms.windows.value) +
                        (seen.window_opens ? ", held until " + format_rfc3339(*seen.window_opens) : ""),
                    terms.windows.source);
    if (terms.freeze) report.line("frozen", *terms.freeze);
}

void report_evidence(Report& report, engine::Examination const& seen) {
    if (!seen.form.empty()) report.line("value is a", seen.form);
    auto const* owner = seen.terms && seen.terms->owner ? &seen.terms->owner->value : nullptr;
    std::string_view evidence = "its value is the same";
    using Kind = rotation::OwnerId::Kind;
    if (owner != nullptr && owner->kind() == Kind::application) evidence = "its value begins as the service says";
    if (owner != nullptr && owner->kind() == Kind::login) evidence = "the service lets its password in";
    for (auto const& credential : seen.credentials) {
        std::string text = credential.made ? "made " + format_rfc3339(*credential.made)
                                           : std::string("its service does not say when it was made");
        if (credential.is_held) text += ", held by the current version: " + std::string(evidence);
        report.line(credential.slot, text);
    }
}

// What would be done has no version yet and, in a list, no credential; and nothing was tried.
rotation::Outcome without_made_up(rotation::Outcome outcome) {
    for (auto* id : {&outcome.version, &outcome.new_version, &outcome.credential, &outcome.former_credential})
        if (engine::is_shadow_id(*id)) id->clear();
    outcome.verified.clear();
    return outcome;
}

}  // namespace

bool may_color(bool is_terminal, bool has_no_color, std::string_view terminal) {
    return is_terminal && !has_no_color && terminal != "dumb";
}

std::string format_result(rotation::Outcome const& told, PrinterOptions options) {
    auto const outcome = options.is_plan ? without_made_up(told) : told;
    if (options.json) {
        std::string text = formats::format_outcome(outcome);
        if (options.is_plan) text.replace(text.size() - 1, 1, ",\"planned\":true}");
        return text + '\n';
    }
    std::string subject =
        outcome.vault.empty() ? "event " + escape_for_display(outcome.event_id) : outcome.vault + '/' + outcome.secret;
    std::string_view word = to_string(outcome.kind);
    if (options.is_plan && outcome.kind == OutcomeKind::rotated) word = "rotate";
    if (options.is_plan && outcome.code == "revoked") word = "revoke";
    if (options.is_plan && outcome.kind == OutcomeKind::adopted) word = "adopt";
    if (options.is_plan && outcome.kind == OutcomeKind::repaired) word = "repair";
    std::string text = paint(fmt::format("{:<11}", word), color_of(outcome.kind), options) + subject;
    if (rotation::has_published(outcome.kind) && outcome.code != "revoked") {
        std::string const from = outcome.former_credential.empty() ? "(dead)" : outcome.former_credential;
        text += fmt::format("  {} -> {}", from, outcome.credential.empty() ? "(new)" : outcome.credential);
        if (outcome.expires) text += "  expires " + format_rfc3339(*outcome.expires);
    }
    text += "\n           " + outcome.reason;
    if (outcome.code != to_string(outcome.kind)) text += fmt::format(" [{}]", outcome.code);
    if (!outcome.new_version.empty() && !options.is_plan) text += "\n           new version " + outcome.new_version;
    if (outcome.retry_after) text += "\n           not before " + format_rfc3339(*outcome.retry_after);
    return text + '\n';
}

std::string format_explanation(engine::Examination const& seen, rotation::Policy const& policy,
                               PrinterOptions options) {
    if (options.json) {
        // The outcome's members, with what led to it beside them.
        std::string text = formats::format_outcome(seen.outcome);
        text.pop_back();
        auto const add = [&](std::string_view name, std::string_view value) {
            text += fmt::format(R"(,"{}":{})", name, formats::format_json_string(value));
        };
        add("mode", to_string(policy.mode));
        if (seen.terms && seen.terms->owner) add("resourceSource", seen.terms->owner->source);
        if (!seen.permitted_by.empty()) add("permittedBy", seen.permitted_by);
        if (seen.terms) {
            for (auto const& [name, term] :
                 {std::pair{"validity", &seen.terms->validity}, std::pair{"lead", &seen.terms->lead},
                  std::pair{"overlap", &seen.terms->overlap}}) {
                add(name, format_iso_duration(term->value));
                add(std::string(name) + "Source", term->source);
            }
        }
        if (seen.terms && seen.terms->revoke_after) {
            add("revokeAfter", format_iso_duration(seen.terms->revoke_after->value));
            add("revokeAfterSource", seen.terms->revoke_after->source);
        }
        if (seen.terms && !seen.terms->windows.value.empty()) {
            add("windows", rotation::describe(seen.terms->windows.value));
            add("windowsSource", seen.terms->windows.source);
        }
        if (seen.due) add("due", format_rfc3339(*seen.due));
        if (!seen.form.empty()) add("form", seen.form);
        text += R"(,"credentials":[)";
        for (auto const& credential : seen.credentials) {
            if (!text.ends_with('[')) text += ',';
            text += fmt::format(R"({{"slot":{},"held":{})", formats::format_json_string(credential.slot),
                                credential.is_held);
            if (credential.made)
                text += fmt::format(R"(,"made":{})", formats::format_json_string(format_rfc3339(*credential.made)));
            text += '}';
        }
        return text + "]}\n";
    }
    Report report(options);
    report.line("secret", seen.outcome.vault + '/' + seen.outcome.secret);
    if (seen.properties) {
        auto const& properties = *seen.properties;
        report.line("version", properties.version + ", made " + format_rfc3339(properties.created));
        report.line("expires", properties.expires ? format_rfc3339(*properties.expires) : "never");
    }
    report.line("mode", to_string(policy.mode));
    if (seen.terms) report_terms(report, seen);
    report_evidence(report, seen);
    if (seen.due) report.line("due", format_rfc3339(*seen.due));
    report.line("next", fmt::format("{}: {}", paint(to_string(seen.outcome.kind), color_of(seen.outcome.kind), options),
                                    seen.outcome.reason));
    if (seen.outcome.retry_after) report.line("not before", format_rfc3339(*seen.outcome.retry_after));
    return report.take();
}

}  // namespace kssedr::cli
