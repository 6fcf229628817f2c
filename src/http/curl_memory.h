/// What libcurl keeps of a request and an answer for a while, wiped when it lets go.

#pragma once

namespace kssedr::http {

/// Starts libcurl, once for the process, with an allocator that wipes what it frees: request heads with their tokens
/// and read buffers with whole answers pass through libcurl's own memory, and it does not clean up behind itself. Cheap
/// after the first call. Event loop thread only.
void start_curl();

}  // namespace kssedr::http
