#include "http/transport.h"

#include "base/check.h"

namespace kssedr::http {

std::string_view to_string(Method method) {
    switch (method) {
    case Method::get: return "GET";
    case Method::put: return "PUT";
    case Method::post: return "POST";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
    case Method::head: return "HEAD";
    }
    KSSEDR_CHECK(false, "a method outside its enumeration");
}

std::string_view Response::header(std::string_view name) const {
    for (auto const& [key, value] : headers)
        if (key == name) return value;
    return {};
}

}  // namespace kssedr::http
