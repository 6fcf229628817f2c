/// TlsAuthority: a certificate authority of this process's own, and certificates made for whatever name a client asks
/// for.
///
/// Its key is made at the start, never leaves the process and is gone with it. Clients are given the authority's
/// certificate as `ca.pem`. Certificates are dated by the real clock, because that is the one TLS clients check with.

#pragma once

#include "base/error.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace kssedr::emulator {

class TlsAuthority {
public:
    TlsAuthority();
    ~TlsAuthority();
    TlsAuthority(TlsAuthority const&) = delete;
    TlsAuthority& operator=(TlsAuthority const&) = delete;

    /// The authority's certificate.
    [[nodiscard]] std::string const& certificate_pem() const { return pem_; }
    /// For servers; mints by the name in the handshake. Lives as long as this.
    [[nodiscard]] boost::asio::ssl::context& context() { return context_; }
    /// How many names have a certificate by now.
    [[nodiscard]] std::size_t minted() const;

private:
    struct Store;
    std::unique_ptr<Store> store_;
    std::string pem_;
    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
};

/// Whether a name from a handshake is one to make a certificate for.
[[nodiscard]] bool is_server_name(std::string_view name);

}  // namespace kssedr::emulator
