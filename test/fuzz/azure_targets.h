/// The fuzz targets of what services answer: Azure's, and hooks.

#pragma once

#include <string_view>

namespace kssedr::fuzz {

/// A body, given to every parser of bodies.
void azure_answer(std::string_view input);
/// A `WWW-Authenticate` header, a URL in an answer, a `Retry-After`.
void azure_header(std::string_view input);
/// A token that somebody shows us; a tenant's discovery document; the keys that it publishes.
void bearer_token(std::string_view input);
/// What a hook answers, to each of its operations.
void hook_answer(std::string_view input);

}  // namespace kssedr::fuzz
