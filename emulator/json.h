/// Reading JSON that others wrote, member by member, with a sentence for what is wrong.
///
///   Fields fields(value, "a vault");
///   auto const name = fields.text("name");       // required: the first fault is kept
///   auto const days = fields.number("days", 90);  // optional
///   KSSEDR_TRY_VOID(fields.finish());             // also refuses members that nobody asked for
///
/// Total: no input makes it throw or abort.

#pragma once

#include "base/error.h"
#include "base/time.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::emulator {

namespace json = boost::json;

/// Reads a whole text; `corrupt` where it is no JSON or nests deeper than 32.
[[nodiscard]] Result<json::value> parse_json(std::string_view text);

/// A whole number, also one written as 17.0; nothing for anything else.
[[nodiscard]] std::optional<std::int64_t> to_integer(json::value const& value);

class Fields {
public:
    /// `what` names the object in messages.
    Fields(json::value const& value, std::string what);

    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] std::string text(std::string_view name);
    [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise);
    [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t otherwise);
    [[nodiscard]] std::optional<std::int64_t> optional_number(std::string_view name);
    [[nodiscard]] double fraction(std::string_view name, double otherwise);
    [[nodiscard]] bool flag(std::string_view name, bool otherwise);
    /// An ISO 8601 duration, such as `PT30S`.
    [[nodiscard]] Duration duration(std::string_view name, Duration otherwise);
    /// RFC 3339.
    [[nodiscard]] std::optional<TimePoint> time(std::string_view name);
    [[nodiscard]] std::vector<std::string> texts(std::string_view name);
    [[nodiscard]] std::map<std::string, std::string> text_map(std::string_view name);
    /// The member itself; null where it is missing.
    [[nodiscard]] json::value const* raw(std::string_view name);

    /// The first fault met, or a member nobody asked for.
    [[nodiscard]] Result<void> finish();

private:
    json::value const* find(std::string_view name);
    void wrong(std::string_view name, std::string_view expected);

    json::object const* object_ = nullptr;
    std::string what_;
    std::set<std::string, std::less<>> asked_;
    std::optional<std::string> fault_;
};

}  // namespace kssedr::emulator
