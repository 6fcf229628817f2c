/// CredentialShape: how an owner's credentials look inside the values of secrets.
///
/// Data that a provider gives; formats/value_form.h finds and replaces credentials by it.

#pragma once

#include <string>
#include <vector>

namespace kssedr::rotation {

struct CredentialShape {
    /// A bare credential is standard base64 of this many bytes.
    std::size_t key_bytes = 64;

    /// In a connection string (`Name=value;…`): the member that holds the credential.
    std::string key_member = "AccountKey";
    /// The member that names the owner, and the name it must have.
    std::string owner_member = "AccountName";
    std::string owner_name;
    /// Members that hold a URL of the owner; its host must be `{owner_name}.{anything}.{suffix}` or
    /// `{owner_name}-secondary.…`.
    std::vector<std::string> endpoint_members;
    /// The member that holds the cloud's suffix, and what it must be.
    std::string suffix_member = "EndpointSuffix";
    std::string suffix;
    /// Members that make the value one kssedr does not understand, such as `SharedAccessSignature`.
    std::vector<std::string> foreign_members;
};

}  // namespace kssedr::rotation
