#include "server/is_alive.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

namespace kssedr::server {

std::string format_is_alive(std::string_view version, TimePoint now, std::optional<std::string> const& region_name) {
    auto const second = std::chrono::floor<std::chrono::seconds>(now);
    std::string date = format_rfc3339(second);
    date.pop_back();
    // .NET writes seven digits and an offset, and so did the original.
    date += fmt::format(".{:03}0000+00:00", (now - second).count());
    boost::json::object answer;
    answer["version"] = version;
    answer["timestamp"] = date;
    answer["isAlive"] = true;
    answer["regionName"] = region_name ? boost::json::value(*region_name) : boost::json::value(nullptr);
    return boost::json::serialize(answer);
}

}  // namespace kssedr::server
