#include "azure/storage_error.h"

#include "azure/error_answer.h"
#include "base/ascii.h"

#include <string>

namespace kssedr::azure {
namespace {

std::string cure_of(http::Response const& answer, StorageAccess const& access, std::string_view setting) {
    auto const code = answer.header("x-ms-error-code");
    bool const is_refusal = answer.status == 401 || answer.status == 403;
    // Azurite, which is never called by https here, says the same of a wrong key.
    if (code == "AuthorizationFailure" && access.endpoint.starts_with("https://"))
        return "let this machine's network through the storage account's network rules";
    if (code == "KeyBasedAuthenticationNotPermitted")
        return "shared keys are switched off; give AzureWebJobsStorage__accountName in place of AzureWebJobsStorage, "
               "so that kssedr's identity is used";
    if (is_refusal && access.kind() == StorageAccess::Kind::identity)
        return "assign the role " + access.role + " on the storage account to kssedr's identity";
    if (is_refusal && access.kind() == StorageAccess::Kind::account_key)
        return "the key in AzureWebJobsStorage is not one of the account's (any more); set the current one";
    if (is_refusal)
        return "the signature in AzureWebJobsStorage has ended, or does not let kssedr read, make and write there";
    if (answer.status == 404) return "check the storage account in " + std::string(setting) + " or AzureWebJobsStorage";
    return {};
}

}  // namespace

Error to_storage_error(http::Response const& answer, std::string_view doing, StorageAccess const& access,
                       std::string_view setting) {
    auto const code = answer.header("x-ms-error-code");
    bool const is_refusal = answer.status == 401 || answer.status == 403;
    std::string message = std::string(doing) + ": answered " + std::to_string(answer.status);
    if (!code.empty()) message += ' ' + escape_for_display(code, 64);
    if (auto const cure = cure_of(answer, access, setting); !cure.empty()) message += "; " + cure;
    return Error(is_refusal ? Errc::permission_denied : Errc::unavailable, std::move(message))
        .with_service_code(escape_for_display(code, 64))
        .with_retry_after(parse_retry_after(answer));
}

}  // namespace kssedr::azure
