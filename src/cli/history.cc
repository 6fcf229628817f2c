#include "cli/history.h"

#include "base/ascii.h"
#include "cli/exit_code.h"
#include "formats/json_cursor.h"
#include "formats/json_text.h"
#include "rotation/secret_ref.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::cli {
namespace {

using ports::HistoryEntry;
using ports::HistoryProof;

constexpr std::size_t page = 200;
constexpr Duration patience = std::chrono::seconds{30};

std::string quoted(std::string_view text) {
    return formats::format_json_string(text);
}

// Whether a text may stand in JSON as it is: somebody may have changed the store.
bool is_json_object(std::string_view text) {
    formats::JsonCursor json(text);
    if (json.kind() != formats::JsonKind::object || !formats::is_utf8(text)) return false;
    (void)json.skip();
    return json.finish().has_value();
}

std::string reason_in(std::string_view outcome) {
    formats::JsonCursor json(outcome);
    std::string reason;
    if (!json.enter_object()) return reason;
    while (auto const member = json.next_member()) {
        if (!member->is_named("reason")) {
            (void)json.skip();
            continue;
        }
        if (auto const text = json.take_string()) reason = text->text();
    }
    return json.has_failed() ? std::string() : reason;
}

}  // namespace

Result<ports::HistoryQuery> make_history_query(CommandLine const& line, std::string_view vault_suffix, TimePoint now) {
    ports::HistoryQuery query;
    query.secret = line.secret;
    query.outcome = line.outcome;
    query.since = line.since;
    if (line.since_ago) query.since = now - *line.since_ago;
    query.limit = line.limit;
    if (line.vault.empty()) return query;
    std::string_view vault = line.vault;
    constexpr std::string_view scheme = "https://";
    if (vault.starts_with(scheme)) vault.remove_prefix(scheme.size());
    while (vault.ends_with('/')) vault.remove_suffix(1);
    KSSEDR_TRY(auto const host, vault.contains('.') ? rotation::parse_vault_host(vault, vault_suffix)
                                                    : rotation::make_vault_host(vault, vault_suffix));
    query.vault = host.text;
    return query;
}

std::string format_history_entry(HistoryEntry const& entry, PrinterOptions options) {
    auto const& line = entry.line;
    auto const at = format_rfc3339(line.at);
    if (options.json) {
        bool const is_object = is_json_object(line.text);
        return fmt::format(R"({{"schema":1,"number":{},"at":{},"hash":{},{}:{}}})", entry.number, quoted(at),
                           quoted(entry.hash), is_object ? R"("outcome")" : R"("text")",
                           is_object ? line.text : quoted(line.text)) +
               '\n';
    }
    auto const subject = line.vault.empty() && line.secret.empty() ? std::string("an event without a secret")
                                                                   : line.vault + '/' + line.secret;
    std::string text = fmt::format("{:<11}{}  {}  #{}\n           {}", line.outcome, escape_for_display(subject, 256),
                                   at, entry.number, escape_for_display(reason_in(line.text), 1024));
    if (line.code != line.outcome) text += fmt::format(" [{}]", escape_for_display(line.code));
    return text + '\n';
}

std::string format_history_proof(HistoryProof const& proof, std::string_view head, PrinterOptions options) {
    bool const is_whole = !proof.broken && proof.has_head;
    if (options.json) {
        auto text =
            fmt::format(R"({{"schema":1,"whole":{},"lines":{},"head":{})", is_whole, proof.lines, quoted(proof.head));
        if (!head.empty()) text += fmt::format(R"(,"hasHead":{})", proof.has_head);
        if (proof.broken) text += fmt::format(R"(,"brokenAt":{})", *proof.broken);
        if (proof.forgotten_until)
            text += fmt::format(R"(,"forgottenUntil":{})", quoted(format_rfc3339(*proof.forgotten_until)));
        return text + "}\n";
    }
    std::string text;
    if (proof.broken)
        text = fmt::format(
            "The chain is broken at line {}: it, or a line before it, was changed, put in or removed. What "
            "stands before it is whole. Put a copy of the store beside it, and find out who may write "
            "into it.\n",
            *proof.broken);
    else
        text = fmt::format("The chain is whole: {} lines, none changed and none removed.\n", proof.lines);
    if (!head.empty() && proof.has_head)
        text += "The hash that you kept stands in it, so it is the same history.\n";
    else if (!head.empty())
        text +=
            "The hash that you kept does not stand in it: lines were cut off and others written, or it is "
            "another store's, or retention has forgotten it.\n";
    if (proof.forgotten_until)
        text += "Lines up to " + format_rfc3339(*proof.forgotten_until) +
                " were forgotten by retention; the chain begins after them.\n";
    return text + "head " + proof.head + '\n';
}

CommandResult fail_by_store(Error const& error) {
    CommandResult result;
    result.complaint = error.message();
    switch (error.code()) {
    case Errc::invalid_argument:
    case Errc::not_found: result.exit_code = exit_usage; break;
    case Errc::corrupt:
    case Errc::permission_denied: result.exit_code = exit_person; break;
    default: result.exit_code = exit_failed; break;
    }
    return result;
}

Task<CommandResult> run_history(CommandLine const& line, ports::HistoryQuery query, ports::OutcomeHistory& history,
                                Clock& clock, Print print, PrinterOptions options) {
    CommandResult result;
    if (line.wants_proof) {
        auto const proof = co_await history.verify(line.head, clock.steady_now() + std::chrono::hours{1});
        if (!proof) co_return fail_by_store(proof.error());
        result.output = format_history_proof(*proof, line.head, options);
        if (proof->broken || !proof->has_head) result.exit_code = exit_person;
        co_return result;
    }
    auto left = query.limit;
    while (left > 0) {
        query.limit = std::min(left, page);
        auto const found = co_await history.find(query, clock.steady_now() + patience);
        if (!found) co_return fail_by_store(found.error());
        std::string text;
        for (auto const& entry : *found) text += format_history_entry(entry, options);
        print(text);
        if (found->size() < query.limit) break;
        left -= found->size();
        query.before = found->back().number;
    }
    co_return result;
}

}  // namespace kssedr::cli
