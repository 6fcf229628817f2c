/// Whether a text inside a secret's value names a host that is none of the owner's (CONTRACT 5).
///
/// A part of value_form.h. Whoever may write a secret could else have its fresh credential sent elsewhere. What is a
/// host where nothing says so is a judgement: URLs in any place of a text are, and hosts under the service's domains,
/// `host:port`, and what ends as hosts do. Words, file names, versions and addresses of mail are not. These functions
/// see a value's bytes and keep none.

#pragma once

#include "rotation/credential_shape.h"

#include <string_view>

namespace kssedr::formats {

/// One of the shape's hosts; with a port only where the shape's has it.
[[nodiscard]] bool is_owner_host(std::string_view host, rotation::CredentialShape const& shape);

/// The same, and with the scheme's own port.
[[nodiscard]] bool is_owner_authority(std::string_view authority, std::string_view scheme,
                                      rotation::CredentialShape const& shape);

/// `{scheme}://{owner's host}[/path]`, with no user, query or fragment, and with no port but the scheme's own.
[[nodiscard]] bool is_owner_url(std::string_view url, rotation::CredentialShape const& shape);

/// Whether a URL or a host stands in the text that is none of the owner's.
[[nodiscard]] bool names_foreign_host(std::string_view text, rotation::CredentialShape const& shape);

}  // namespace kssedr::formats
