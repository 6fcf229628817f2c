#include "azure/ca_file.h"

#include "base/ascii.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace kssedr::azure {

Result<void> check_ca_file(std::string const& path) {
    std::unique_ptr<BIO, decltype([](BIO* file) { BIO_free(file); })> const file(BIO_new_file(path.c_str(), "r"));
    std::unique_ptr<X509, decltype([](X509* one) { X509_free(one); })> const first(
        file ? PEM_read_bio_X509_AUX(file.get(), nullptr, nullptr, nullptr) : nullptr);
    ERR_clear_error();
    if (first) return {};
    return fail(Errc::invalid_argument, "SSL_CERT_FILE (or ca_file, or --ca-file)=" + escape_for_display(path) +
                                            ": the file holds no certificate; name a bundle of CA certificates in PEM "
                                            "form, or leave it unset for the system's");
}

}  // namespace kssedr::azure
