/// The query of a URL, as names and values.

#pragma once

#include "base/error.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::server {

class Query {
public:
    /// `invalid_argument` where a name is none of `known`, comes twice, or is not encoded rightly.
    [[nodiscard]] static Result<Query> parse(std::string_view text, std::vector<std::string_view> const& known);

    /// Empty where it was not given.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// Nothing where it was not given; `invalid_argument` where it is no such number.
    [[nodiscard]] Result<std::optional<std::uint64_t>> number(std::string_view name, std::uint64_t least,
                                                              std::uint64_t most) const;
    [[nodiscard]] Result<std::optional<TimePoint>> time(std::string_view name) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

/// A whole number of digits alone; nothing where it is none, or too large.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace kssedr::server
