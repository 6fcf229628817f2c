#include "rotation/arm_id.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::rotation {
namespace {

bool is_segment(std::string_view segment) {
    return !segment.empty() && segment.size() <= 260 &&
           std::ranges::all_of(segment,
                               [](char c) {
                                   // What Azure allows in names, conservatively: nothing that could change a URL's
                                   // meaning.
                                   return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '_' || c == '.' ||
                                          c == '(' || c == ')';
                               }) &&
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
    auto const parts = split(text.substr(1), '/');
    if (parts.size() >= 2 && equals_ignore_case(parts[0], "providers") &&
        equals_ignore_case(parts[1], "Microsoft.Management"))
        return not_an_id(text, "a management group is not a scope kssedr takes; name subscriptions instead");
    if (!std::ranges::all_of(parts, is_segment))
        return not_an_id(text, "a segment is empty or has characters that names have not");
    if (!equals_ignore_case(parts[0], "subscriptions") || parts.size() < 2)
        return not_an_id(text, "it does not begin with /subscriptions/{id}");
    if (parts.size() > 2 && (!equals_ignore_case(parts[2], "resourceGroups") || parts.size() == 3))
        return not_an_id(text, "/resourceGroups/{name} does not follow the subscription");
    if (parts.size() > 4 && (!equals_ignore_case(parts[4], "providers") || parts.size() < 8 || parts.size() % 2 != 0))
        return not_an_id(text, "/providers/{namespace}/{type}/{name} does not follow the resource group");
    return ArmId(std::string(text), std::vector<std::string>(parts.begin(), parts.end()));
}

std::string ArmId::key() const {
    return to_ascii_lower(text_);
}

std::string_view ArmId::subscription() const {
    return segments_[1];
}

std::string_view ArmId::resource_group() const {
    return segments_.size() > 3 ? std::string_view(segments_[3]) : std::string_view();
}

std::string ArmId::resource_type() const {
    if (!is_resource()) return {};
    std::string type = segments_[5];
    for (std::size_t i = 6; i < segments_.size(); i += 2) type += '/' + segments_[i];
    return type;
}

std::string_view ArmId::resource_name() const {
    return is_resource() ? std::string_view(segments_.back()) : std::string_view();
}

std::vector<std::string_view> ArmId::resource_names() const {
    std::vector<std::string_view> names;
    for (std::size_t i = 7; is_resource() && i < segments_.size(); i += 2) names.emplace_back(segments_[i]);
    return names;
}

bool ArmId::is_type(std::string_view resource_type_name) const {
    return equals_ignore_case(resource_type(), resource_type_name);
}

bool ArmId::contains(ArmId const& other) const {
    return segments_.size() <= other.segments_.size() &&
           std::equal(segments_.begin(), segments_.end(), other.segments_.begin(), equals_ignore_case);
}

ArmId ArmId::first(std::size_t count) const {
    std::vector<std::string> segments(
        segments_.begin(),
        segments_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, segments_.size())));
    std::string text;
    for (auto const& segment : segments) text += '/' + segment;
    return ArmId(std::move(text), std::move(segments));
}

std::optional<ArmId> ArmId::parent() const {
    if (segments_.size() < 10) return std::nullopt;
    return first(segments_.size() - 2);
}

ArmId ArmId::group_scope() const {
    return first(4);
}

bool operator==(ArmId const& a, ArmId const& b) {
    return equals_ignore_case(a.text_, b.text_);
}

}  // namespace kssedr::rotation
