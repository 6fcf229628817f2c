#include "rotation/arm_id.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>

namespace kssedr::rotation {
namespace {

// What Azure allows in names, conservatively: nothing that could change a URL's meaning.
constexpr auto name_characters = [] {
    std::array<bool, 256> allowed{};
    for (std::size_t c = 0; c < 128; ++c)
        allowed[c] = is_ascii_letter(static_cast<char>(c)) || is_ascii_digit(static_cast<char>(c)) ||
                     std::string_view("-_.()").contains(static_cast<char>(c));
    return allowed;
}();

bool is_segment(std::string_view segment) {
    return !segment.empty() && segment.size() <= 260 &&
           std::ranges::all_of(segment, [](char c) { return name_characters[static_cast<unsigned char>(c)]; }) &&
           segment != "." && segment != "..";
}

Failure not_an_id(std::string_view text, std::string_view why) {
    return fail(Errc::invalid_argument,
                "\"" + escape_for_display(text) + "\" is no Azure resource id: " + std::string(why));
}

}  // namespace

Result<ArmId> ArmId::parse(std::string_view text) {
    if (text.size() > 2048) return not_an_id(text, "it is longer than 2048 characters");
    while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
    if (!text.starts_with('/')) return not_an_id(text, "it does not begin with /");
    ArmId id{std::string(text)};
    auto const count = id.count();
    auto const is = [&](std::size_t index, std::string_view word) {
        return equals_ignore_case(id.segment(index), word);
    };
    if (count >= 2 && is(0, "providers") && is(1, "Microsoft.Management"))
        return not_an_id(text, "a management group is not a scope kssedr takes; name subscriptions instead");
    for (std::size_t i = 0; i < count; ++i)
        if (!is_segment(id.segment(i)))
            return not_an_id(text, "a segment is empty or has characters that names have not");
    if (!is(0, "subscriptions") || count < 2) return not_an_id(text, "it does not begin with /subscriptions/{id}");
    if (count > 2 && (!is(2, "resourceGroups") || count == 3))
        return not_an_id(text, "/resourceGroups/{name} does not follow the subscription");
    if (count > 4 && (!is(4, "providers") || count < 8 || count % 2 != 0))
        return not_an_id(text, "/providers/{namespace}/{type}/{name} does not follow the resource group");
    return id;
}

ArmId::ArmId(std::string text) : text_(std::move(text)) {
    ends_.reserve(static_cast<std::size_t>(std::ranges::count(text_, '/')));
    for (std::size_t end = 0; end < text_.size();) {
        end = std::min(text_.find('/', end + 1), text_.size());
        ends_.push_back(static_cast<std::uint16_t>(end));
    }
}

std::string_view ArmId::segment(std::size_t index) const {
    std::size_t const begin = index == 0 ? 1 : ends_[index - 1] + std::size_t{1};
    return std::string_view(text_).substr(begin, ends_[index] - begin);
}

std::string ArmId::key() const {
    return to_ascii_lower(text_);
}

std::string_view ArmId::subscription() const {
    return segment(1);
}

std::string_view ArmId::resource_group() const {
    return count() > 3 ? segment(3) : std::string_view();
}

std::string ArmId::resource_type() const {
    if (!is_resource()) return {};
    std::string type(segment(5));
    for (std::size_t i = 6; i < count(); i += 2) type.append("/").append(segment(i));
    return type;
}

std::string_view ArmId::resource_name() const {
    return is_resource() ? segment(count() - 1) : std::string_view();
}

std::vector<std::string_view> ArmId::resource_names() const {
    std::vector<std::string_view> names;
    for (std::size_t i = 7; is_resource() && i < count(); i += 2) names.push_back(segment(i));
    return names;
}

bool ArmId::is_type(std::string_view resource_type_name) const {
    return equals_ignore_case(resource_type(), resource_type_name);
}

bool ArmId::contains(ArmId const& other) const {
    auto const& whole = other.text_;
    bool const ends_there = whole.size() == text_.size() || (whole.size() > text_.size() && whole[text_.size()] == '/');
    return ends_there && equals_ignore_case(text_, std::string_view(whole).substr(0, text_.size()));
}

ArmId ArmId::first(std::size_t count_wanted) const {
    return ArmId(text_.substr(0, ends_[std::min(count_wanted, count()) - 1]));
}

std::optional<ArmId> ArmId::parent() const {
    if (count() < 10) return std::nullopt;
    return first(count() - 2);
}

ArmId ArmId::group_scope() const {
    return first(4);
}

bool operator==(ArmId const& a, ArmId const& b) {
    return equals_ignore_case(a.text_, b.text_);
}

}  // namespace kssedr::rotation
