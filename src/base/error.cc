#include "base/error.h"

#include "base/check.h"

#include <utility>

namespace kssedr {

std::string_view to_string(Errc code) {
    switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::not_found: return "not_found";
    case Errc::permission_denied: return "permission_denied";
    case Errc::conflict: return "conflict";
    case Errc::throttled: return "throttled";
    case Errc::unavailable: return "unavailable";
    case Errc::deadline_exceeded: return "deadline_exceeded";
    case Errc::outcome_unknown: return "outcome_unknown";
    case Errc::cancelled: return "cancelled";
    case Errc::corrupt: return "corrupt";
    case Errc::internal: return "internal";
    }
    KSSEDR_CHECK(false, "an error code outside its enumeration");
}

Error::Error(Errc code, std::string message, std::source_location where)
    : code_(code), message_(std::move(message)), where_(where) {}

Error Error::with_service_code(std::string code) && {
    service_code_ = std::move(code);
    return std::move(*this);
}

Error Error::with_retry_after(std::optional<Duration> delay) && {
    retry_after_ = delay;
    return std::move(*this);
}

Error Error::during(std::string_view doing) && {
    message_.insert(0, ": ");
    message_.insert(0, doing);
    return std::move(*this);
}

}  // namespace kssedr
