/// Client assertions: how an application proves itself to Entra by its certificate.

#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::emulator {

/// Why a proof is not taken, as Entra says it.
struct AssertionFault {
    std::int64_t code = 0;  ///< the number behind AADSTS
    std::string text;
};

/// Whom a proof is to be of, and for whom.
struct ExpectedAssertion {
    std::string client_id;
    std::vector<std::string> certificates;  ///< PEM: those registered for the application
    std::vector<std::string> audiences;     ///< any of them
    TimePoint now;
};

/// Nothing where the JWT is signed (RS256 or PS256) by the key of a registered certificate, which its header names by
/// `x5t` or `x5t#S256`, and speaks of the application for an audience and a time as expected.
[[nodiscard]] std::optional<AssertionFault> check_assertion(std::string_view jwt, ExpectedAssertion const& expected);

/// Whether a text is one certificate in PEM form.
[[nodiscard]] bool is_certificate(std::string_view pem);

}  // namespace kssedr::emulator
