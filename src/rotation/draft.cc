#include "rotation/draft.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::rotation {
namespace {

constexpr std::size_t tags_max = 15;
constexpr std::size_t tag_length_max = 256;
constexpr std::size_t content_type_length_max = 255;
constexpr std::size_t value_size_max = 25 * 1024;

// Key Vault counts characters, not bytes.
std::size_t characters_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

std::optional<std::size_t> parse_slot_index(std::string_view tag) {
    auto const text = trim(tag);
    if (text == "0") return 0;
    if (text == "1") return 1;
    return std::nullopt;
}

SecretDraft draft_next(SecretProperties const& current, Terms const& terms, std::string_view slot,
                       std::optional<std::size_t> slot_index, TimePoint expires, TimePoint now) {
    SecretDraft draft;
    draft.content_type = current.content_type;
    draft.tags = current.tags;
    draft.expires = std::chrono::floor<std::chrono::seconds>(expires);
    if (current.not_before) draft.not_before = std::chrono::floor<std::chrono::seconds>(now);

    bool has_auto_rotate = false, has_id = false;
    auto const date = format_rfc3339(std::chrono::floor<std::chrono::seconds>(now));
    for (auto& [name, value] : draft.tags) {
        auto const tag = trim(name);
        if (equals_ignore_case(tag, "CredentialId")) {
            value = slot;
            has_id = true;
        }
        // Also where another dialect names the owner: where a value may not be read, `key` tells which slot it holds
        // (engine/holders.cc), so that a stale one would be evidence against what is true.
        if (slot_index && equals_ignore_case(tag, "key") && parse_slot_index(value))
            value = fmt::format("{}", *slot_index);
        if (equals_ignore_case(tag, "AutoRotate")) {
            value = date;
            has_auto_rotate = true;
        }
    }
    if (!has_id && !slot_index) draft.tags["CredentialId"] = slot;
    if (!has_auto_rotate && terms.is_original_dialect && draft.tags.size() < tags_max) draft.tags["AutoRotate"] = date;
    return draft;
}

Result<void> check_draft(SecretDraft const& draft, std::size_t value_size, TimePoint now) {
    auto const refuse = [](std::string why) { return fail(Errc::invalid_argument, std::move(why)); };
    if (value_size > value_size_max)
        return refuse(fmt::format("the new value would have {} bytes, Key Vault takes {}", value_size, value_size_max));
    if (draft.tags.size() > tags_max)
        return refuse(fmt::format("the secret has {} tags, Key Vault takes {}", draft.tags.size(), tags_max));
    for (auto const& [name, value] : draft.tags)
        if (characters_of(name) > tag_length_max || characters_of(value) > tag_length_max)
            return refuse("the tag \"" + escape_for_display(name, 40) + "\" is longer than 256 characters");
    if (characters_of(draft.content_type) > content_type_length_max)
        return refuse("the content type is longer than 255 characters");
    if (draft.expires && *draft.expires <= now) return refuse("the new version would be expired already");
    return {};
}

}  // namespace kssedr::rotation
