#include "emulator/service.h"

#include "base/ascii.h"

#include <boost/json/serialize.hpp>

namespace kssedr::emulator {

listen::Response make_json_response(unsigned status, json::value const& body) {
    listen::Response response{.status = status};
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.body = json::serialize(body);
    return response;
}

std::string_view find_bearer(listen::Request const& request) {
    auto const header = request.headers.find("Authorization").value_or("");
    constexpr std::string_view scheme = "Bearer ";
    if (header.size() <= scheme.size() || !equals_ignore_case(header.substr(0, scheme.size()), scheme)) return {};
    return trim(header.substr(scheme.size()));
}

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> segments;
    for (auto const segment : split(path, '/'))
        if (!segment.empty()) segments.push_back(parse_percent(segment));
    return segments;
}

}  // namespace kssedr::emulator
