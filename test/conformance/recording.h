/// Recording: real traffic between Azure and its own clients, as samples kept beside the repository hold it.

#pragma once

#include "base/ascii.h"
#include "http/transport.h"
#include "support/vectors.h"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kssedr::test {

struct RecordedCall {
    std::string method;  ///< empty where only the answer is known
    std::string url;
    std::string request_body;  ///< JSON text; empty where none was recorded
    http::Response answer;
};

namespace recording_detail {

inline std::string text_of(boost::json::value const& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return std::string(value.as_string());
    return boost::json::serialize(value);
}

// A header is a string, or a list of them.
inline std::vector<http::Header> headers_of(boost::json::object const& response) {
    std::vector<http::Header> headers;
    auto const* const all = response.if_contains("headers");
    if (all == nullptr || !all->is_object()) return headers;
    for (auto const& member : all->as_object()) {
        auto const& value = member.value().is_array() ? member.value().as_array().at(0) : member.value();
        headers.emplace_back(to_ascii_lower(std::string_view(member.key())), text_of(value));
    }
    return headers;
}

inline RecordedCall call_of(boost::json::object const& entry) {
    RecordedCall call;
    if (auto const* const request = entry.if_contains("request")) {
        call.method = text_of(request->at("method"));
        call.url = text_of(request->at("url"));
        if (auto const* const body = request->as_object().if_contains("body")) call.request_body = text_of(*body);
    }
    auto const& response = entry.at("response").as_object();
    call.answer.status = static_cast<long>(response.at("status").as_int64());
    call.answer.headers = headers_of(response);
    if (auto const* const body = response.if_contains("body")) call.answer.body = SecretString::copy_of(text_of(*body));
    return call;
}

}  // namespace recording_detail

/// The calls of one file, in their order. Nothing where the samples are not there.
inline std::optional<std::vector<RecordedCall>> read_recording(std::string const& name) {
    auto const text = read_shared("azure-data/recordings/" + name + ".json");
    if (!text) return std::nullopt;
    std::vector<RecordedCall> calls;
    auto const document = boost::json::parse(*text);
    for (auto const& entry : document.at("entries").as_array())
        calls.push_back(recording_detail::call_of(entry.as_object()));
    return calls;
}

}  // namespace kssedr::test

/// Declares `calls`, or skips the test where the samples are not there.
#define KSSEDR_RECORDING(calls, name)                                                \
    auto const calls##_read = ::kssedr::test::read_recording(name);                  \
    if (!calls##_read) GTEST_SKIP() << "no samples here (KSSEDR_SHARED names them)"; \
    auto const& calls = *calls##_read
