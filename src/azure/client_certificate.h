/// ClientCertificate: the key and the certificate by which an application proves itself to Entra.
///
/// The proof is a short-lived JWT (PS256, with the certificate's SHA-256 as `x5t#S256`), as Azure's own libraries sign
/// it today. Source: Microsoft identity platform, "Application authentication certificate credentials". The chain
/// (`x5c`) is not sent: it serves applications that trust a subject and an issuer instead of a certificate.

#pragma once

#include "base/error.h"
#include "base/secret_string.h"
#include "base/time.h"

#include <memory>
#include <string>
#include <string_view>

namespace kssedr::azure {

/// What is said in a proof.
struct AssertionClaims {
    std::string audience;  ///< the URL of the token endpoint
    std::string client_id;
    std::string id;  ///< of this proof, never used again
    TimePoint now;   ///< the proof is good for ten minutes
};

class ClientCertificate {
public:
    /// Reads PEM (a private key and its certificate, in any order, the key encrypted or not) or PKCS#12. Errors:
    /// `invalid_argument`, with what is wrong and how to mend it; never a part of the content.
    [[nodiscard]] static Result<ClientCertificate> parse(SecretString const& content, SecretString const& password);
    ClientCertificate(ClientCertificate&&) noexcept;
    ClientCertificate& operator=(ClientCertificate&&) noexcept;
    ~ClientCertificate();

    /// The signed proof. `internal` where OpenSSL does not sign.
    [[nodiscard]] Result<SecretString> sign(AssertionClaims const& claims) const;

private:
    struct Content;
    explicit ClientCertificate(std::unique_ptr<Content> content);

    std::unique_ptr<Content> content_;
};

/// The certificate in a file. Errors as those of `parse`, and `unavailable` where the file cannot be read.
[[nodiscard]] Result<ClientCertificate> read_client_certificate(std::string const& path, SecretString const& password);

}  // namespace kssedr::azure
