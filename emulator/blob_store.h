/// BlobStore: the containers and block blobs of one storage account. Values only; rules live in blob.cc.

#pragma once

#include "base/time.h"

#include <map>
#include <string>

namespace kssedr::emulator {

struct Blob {
    std::string content;
    std::string content_type;
    std::string etag;
    TimePoint created{};
    TimePoint modified{};
    std::map<std::string, std::string> metadata;
};

struct Container {
    std::string etag;
    TimePoint modified{};
    std::map<std::string, Blob> blobs;  ///< in the order in which they are listed
};

struct BlobStore {
    std::map<std::string, Container> containers;
};

}  // namespace kssedr::emulator
