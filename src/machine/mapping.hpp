// Memory that the processor may execute.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace lanewise::machine {

/// A private mapping that is written once, and is from then on readable and executable only. There is no
/// other mapping of it.
class Mapping {
  public:
    /// `write` is called with where the code will be.
    /// \throws std::runtime_error where the system refuses.
    Mapping(std::size_t bytes, const std::function<void(std::byte*)>& write);
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    const std::byte* begin() const noexcept { return begin_; }
    std::size_t bytes() const noexcept { return bytes_; }

  private:
    std::byte* begin_;
    std::size_t bytes_;
};

/// Tells perf what the code of a mapping is called, where the environment variable LANEWISE_PERF_MAP is set:
/// a line in /tmp/perf-PID.map.
void tell_perf(const std::byte* begin, std::size_t bytes, std::string_view name);

}  // namespace lanewise::machine
