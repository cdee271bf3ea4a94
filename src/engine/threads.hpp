// How many threads a search may use.
#pragma once

namespace lanewise {

/// `asked`, or where that is 0 what OpenMP would take. One in a process that was forked from one with several
/// threads: OpenMP's threads are not in it, and waiting for them would never end.
int available_threads(int asked) noexcept;

}  // namespace lanewise
