/// What an answer of a storage service means that is no success, for whoever keeps something of kssedr's own there.

#pragma once

#include "azure/storage_client.h"
#include "base/error.h"

#include <string_view>

namespace kssedr::azure {

/// `permission_denied` or `unavailable`, with the service's code and what a person can do. `setting`: the name of the
/// setting that led there beside AzureWebJobsStorage, `KSSEDR_LOCKS`.
[[nodiscard]] Error to_storage_error(http::Response const& answer, std::string_view doing, StorageAccess const& access,
                                     std::string_view setting);

}  // namespace kssedr::azure
