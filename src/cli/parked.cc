#include "cli/parked.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "cli/exit_code.h"
#include "formats/json_text.h"

#include <fmt/format.h>

namespace kssedr::cli {
namespace {

using ports::ParkedEvent;

constexpr std::size_t page = 100;
constexpr Duration patience = std::chrono::seconds{30};

bool is_malformed(ParkedEvent const& entry) {
    return entry.vault.empty() && entry.secret.empty();
}

// Of a large event the head alone is kept.
bool is_whole(ParkedEvent const& entry) {
    return !entry.event.empty() && format_hex(sha256(entry.event)) == entry.sha256;
}

CommandResult no_such_entry(std::int64_t id) {
    CommandResult result;
    result.complaint = fmt::format("nothing with the id {} is parked; `kssedr parked list` shows what is", id);
    result.exit_code = exit_usage;
    return result;
}

std::string format_json(ParkedEvent const& entry) {
    std::string text = fmt::format(R"({{"schema":1,"id":{})", entry.id);
    auto const add = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) text += fmt::format(R"(,"{}":{})", name, formats::format_json_string(value));
    };
    add("outcome", entry.outcome);
    add("code", entry.code);
    add("reason", entry.reason);
    add("vault", entry.vault);
    add("secret", entry.secret);
    add("firstAt", format_rfc3339(entry.first_at));
    add("lastAt", format_rfc3339(entry.last_at));
    text += fmt::format(R"(,"count":{})", entry.count);
    add("source", entry.source);
    // A string, whatever it is: nobody has read it as JSON here.
    add(is_whole(entry) ? "event" : "head", entry.event);
    add("sha256", entry.sha256);
    return text + "}\n";
}

}  // namespace

std::string format_parked(ParkedEvent const& entry, PrinterOptions options) {
    if (options.json) return format_json(entry);
    auto const subject =
        is_malformed(entry) ? "an event without a secret, SHA-256 " + entry.sha256 : entry.vault + '/' + entry.secret;
    auto const times = entry.count == 1 ? std::string("once") : fmt::format("{} times", entry.count);
    return fmt::format("{:<5} {:<9} {} [{}]\n      {}\n      {}, last at {}, from {}\n", entry.id, entry.outcome,
                       escape_for_display(subject, 256), escape_for_display(entry.code),
                       escape_for_display(entry.reason, 1024), times, format_rfc3339(entry.last_at),
                       escape_for_display(entry.source));
}

Task<CommandResult> list_parked(ports::ParkedEvents& parked, Clock& clock, Print print, PrinterOptions options) {
    CommandResult result;
    std::int64_t after = 0;
    for (;;) {
        auto const entries = co_await parked.list(after, page, clock.steady_now() + patience);
        if (!entries) co_return fail_by_store(entries.error());
        std::string text;
        for (auto const& entry : *entries) text += format_parked(entry, options);
        if (after == 0 && text.empty() && !options.json) text = "nothing is parked\n";
        print(text);
        if (entries->size() < page) co_return result;
        after = entries->back().id;
    }
}

Task<CommandResult> requeue_parked(std::int64_t id, ports::ParkedEvents& parked, ports::Inbox& inbox, Clock& clock,
                                   PrinterOptions options) {
    auto const found = co_await parked.find(id, clock.steady_now() + patience);
    if (!found) co_return fail_by_store(found.error());
    if (!*found) co_return no_such_entry(id);
    auto const& entry = **found;
    CommandResult result;
    result.exit_code = exit_person;
    if (entry.event.empty()) {
        result.complaint = fmt::format(
            "entry {} has no event, since a sweep made it; mend its cause, then run: kssedr "
            "rotate https://{}/secrets/{}",
            id, escape_for_display(entry.vault), escape_for_display(entry.secret));
        co_return result;
    }
    if (!is_whole(entry)) {
        result.complaint = fmt::format(
            "of entry {}'s event only the head is kept, for it was too large; have its sender "
            "send it again, or drop it: kssedr parked drop {}",
            id, id);
        co_return result;
    }
    auto const message = co_await inbox.put("parked", entry.event, clock.steady_now() + patience);
    if (!message) co_return fail_by_store(message.error());
    result.exit_code = exit_done;
    if (options.json)
        result.output = fmt::format("{{\"schema\":1,\"id\":{},\"requeued\":true,\"message\":{}}}\n", id, *message);
    else
        result.output = fmt::format("entry {} waits in the inbox, where `kssedr serve` takes it up; {}\n", id,
                                    is_malformed(entry) ? "drop it once it is handled"
                                                        : "it closes itself when its secret comes to another outcome");
    co_return result;
}

Task<CommandResult> drop_parked(std::int64_t id, ports::ParkedEvents& parked, Clock& clock, PrinterOptions options) {
    auto const dropped = co_await parked.drop(id, clock.steady_now() + patience);
    if (!dropped) co_return fail_by_store(dropped.error());
    if (!*dropped) co_return no_such_entry(id);
    CommandResult result;
    result.output = options.json ? fmt::format("{{\"schema\":1,\"id\":{},\"dropped\":true}}\n", id)
                                 : fmt::format("entry {} is dropped\n", id);
    co_return result;
}

}  // namespace kssedr::cli
