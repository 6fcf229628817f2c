/// ArmId: the id of an Azure resource, or of a scope above one, in Azure Resource Manager.
///
/// `/subscriptions/{id}[/resourceGroups/{name}[/providers/{namespace}/{type}/{name}[/{type}/{name}]…]]`, parsed by
/// segment and never by position. Compared segment by segment without regard to case, as Resource Manager does.

#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::rotation {

class ArmId {
public:
    /// Errors: `invalid_argument`, with what is wrong. A management group scope is refused by name.
    [[nodiscard]] static Result<ArmId> parse(std::string_view text);

    /// As it was written, without a slash at the end.
    [[nodiscard]] std::string const& text() const { return text_; }
    /// In lower case: the key by which locks and caches know the resource.
    [[nodiscard]] std::string key() const;

    [[nodiscard]] std::string_view subscription() const;
    /// Empty for a subscription's own id.
    [[nodiscard]] std::string_view resource_group() const;
    /// `Microsoft.Storage/storageAccounts`; empty where the id names no resource.
    [[nodiscard]] std::string resource_type() const;
    /// The last name; empty where the id names no resource.
    [[nodiscard]] std::string_view resource_name() const;
    /// The names from the left, `{namespace, queue, rule}`; empty where the id names no resource.
    [[nodiscard]] std::vector<std::string_view> resource_names() const;
    [[nodiscard]] bool is_resource() const { return count() >= 8; }
    [[nodiscard]] bool is_type(std::string_view resource_type_name) const;

    /// Whether `other` is this scope or lies below it, by whole segments.
    [[nodiscard]] bool contains(ArmId const& other) const;
    /// The resource this one is part of; nothing where it is part of none.
    [[nodiscard]] std::optional<ArmId> parent() const;
    /// The resource group this resource lies in, as a scope.
    [[nodiscard]] ArmId group_scope() const;

    friend bool operator==(ArmId const& a, ArmId const& b);

private:
    explicit ArmId(std::string text);
    [[nodiscard]] std::size_t count() const { return ends_.size(); }
    [[nodiscard]] std::string_view segment(std::size_t index) const;
    [[nodiscard]] ArmId first(std::size_t count_wanted) const;

    std::string text_;
    std::vector<std::uint16_t> ends_;  // of the segments in the text, behind each; every one begins behind a slash
};

}  // namespace kssedr::rotation
