/// The query of a URL, and form bodies, which are written the same way.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kssedr::emulator {

/// Undoes percent-encoding. Total: a percent sign that begins no code stays.
[[nodiscard]] std::string parse_percent(std::string_view text);

enum class PlusSign { is_blank, stays };

class Query {
public:
    Query() = default;
    Query(std::string_view text, PlusSign plus);

    /// The first value of that name, which is compared without regard to case.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] std::string get(std::string_view name) const { return std::string(find(name).value_or("")); }
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& all() const { return parts_; }

private:
    std::vector<std::pair<std::string, std::string>> parts_;
};

}  // namespace kssedr::emulator
