/// How a storage account's keys look, for tests of what is no catalogue.

#pragma once

#include "rotation/credential_shape.h"

#include <string>
#include <utility>

namespace kssedr::test {

inline rotation::CredentialShape storage_shape(std::string account, std::string const& suffix = "core.windows.net") {
    rotation::CredentialShape shape;
    shape.owner_name = std::move(account);
    shape.fixed_members = {{"AccountName", shape.owner_name}, {"EndpointSuffix", suffix}};
    shape.endpoint_members = {"BlobEndpoint", "QueueEndpoint", "TableEndpoint", "FileEndpoint",
                              "BlobSecondaryEndpoint"};
    shape.hosts = {shape.owner_name + ".*." + suffix, shape.owner_name + "-secondary.*." + suffix};
    shape.foreign_members = {"SharedAccessSignature"};
    return shape;
}

}  // namespace kssedr::test
