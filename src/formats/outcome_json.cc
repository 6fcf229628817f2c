#include "formats/outcome_json.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "formats/json_text.h"

#include <algorithm>

namespace kssedr::formats {
namespace {

using rotation::Outcome;

constexpr std::size_t max_poison_size = 32 * 1024;
constexpr std::size_t head_size = 4 * 1024;

// Longer than anything we say ourselves.
constexpr std::size_t max_text_size = 4 * 1024;

// Members in the order they are written; empty texts and lists are absent. Every text may hold a part of what came from
// outside, and is escaped; what was escaped before stays as it is.
class ObjectText {
public:
    void member(std::string_view name, std::string_view text, std::size_t limit = max_text_size) {
        if (!text.empty()) member_json(name, format_json_string(escape_for_display(text, limit)));
    }
    void member(std::string_view name, std::optional<TimePoint> at) {
        if (at) member(name, format_rfc3339(*at));
    }
    void member_json(std::string_view name, std::string_view json) {
        text_ += text_.size() == 1 ? "" : ",";
        append_json_string(text_, name);
        text_ += ':';
        text_ += json;
    }
    void member(std::string_view name, std::vector<std::string> const& texts) {
        if (texts.empty()) return;
        std::string list;
        for (auto const& text : texts) {
            list += list.empty() ? '[' : ',';
            append_json_string(list, escape_for_display(text, max_text_size));
        }
        member_json(name, list + ']');
    }
    std::string finish() && { return std::move(text_) + '}'; }

private:
    std::string text_ = "{";
};

// The first bytes of a text, cut where a character ends.
std::string_view head_of(std::string_view text, std::size_t size) {
    if (text.size() <= size) return text;
    auto const is_continuation = [&](std::size_t at) {
        return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
    };
    std::size_t end = size;
    while (end > 0 && size - end < 3 && is_continuation(end)) --end;
    return text.substr(0, end);
}

void shorten(std::string& text, std::size_t size) {
    if (text.size() > size) text = std::string(head_of(text, size)) + "…";
}

// An outcome whose JSON stays below 28 KB even where each byte takes seven, so that there is always room for the rest.
Outcome bounded(Outcome outcome) {
    shorten(outcome.reason, 1024);
    for (auto* text :
         {&outcome.vault, &outcome.secret, &outcome.version, &outcome.new_version, &outcome.resource,
          &outcome.credential, &outcome.former_credential, &outcome.verified, &outcome.event_id, &outcome.code})
        shorten(*text, text == &outcome.resource ? 512 : 128);
    if (outcome.also_changed.size() > 8) {
        outcome.also_changed.resize(8);
        outcome.also_changed.emplace_back("…");
    }
    for (auto& sibling : outcome.also_changed) shorten(sibling, 128);
    return outcome;
}

}  // namespace

std::string format_outcome(Outcome const& outcome) {
    ObjectText json;
    json.member_json("schema", "1");
    json.member("outcome", to_string(outcome.kind));
    json.member("code", outcome.code);
    json.member("reason", outcome.reason);
    json.member("trigger", to_string(outcome.trigger));
    json.member("vault", outcome.vault, 128);
    json.member("secret", outcome.secret, 128);
    json.member("version", outcome.version, 128);
    json.member("newVersion", outcome.new_version);
    json.member("resource", outcome.resource);
    json.member("credential", outcome.credential);
    json.member("formerCredential", outcome.former_credential);
    json.member("expires", outcome.expires);
    json.member("verified", outcome.verified);
    json.member("alsoChanged", outcome.also_changed);
    json.member("retryAfter", outcome.retry_after);
    json.member("eventId", outcome.event_id, 128);
    if (outcome.started_at != TimePoint{}) json.member("startedAt", std::optional(outcome.started_at));
    json.member_json("durationMs", std::to_string(outcome.duration.count()));
    return std::move(json).finish();
}

std::string format_poison_message(DecodedEvent const& event, Outcome const& outcome) {
    auto shown = bounded(outcome);
    if (shown.event_id.empty()) shown.event_id = head_of(event.id, 128);
    auto const outcome_json = format_outcome(shown);
    // Only a text that was read as JSON may stand in JSON as it is.
    bool const is_object = event.event.has_value() && event.source.starts_with('{') && is_utf8(event.source);
    if (is_object && outcome_json.size() + event.source.size() + 64 <= max_poison_size) {
        ObjectText whole;
        whole.member_json("schema", "1");
        whole.member_json("outcome", outcome_json);
        whole.member_json("event", event.source);
        return std::move(whole).finish();
    }
    auto const digest = format_hex(sha256(event.source));
    for (std::size_t size = head_size;; size /= 2) {
        ObjectText message;
        message.member_json("schema", "1");
        message.member_json("outcome", outcome_json);
        message.member("head", head_of(event.source, size));
        message.member("sha256", digest);
        // Escaping can make seven bytes of one; then less of it is shown.
        if (auto text = std::move(message).finish(); text.size() <= max_poison_size) return text;
    }
}

}  // namespace kssedr::formats
