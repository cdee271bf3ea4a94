// Fits as far as they are done, as bytes: to go on from.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "form.hpp"
#include "lanewise/fit.hpp"

namespace lanewise {

/// A digest of all that results depend on.
std::uint64_t digest_of(const FitTask& task, const Box& box, const Problems& problems,
                        const FitOptions& options);

class FitState {
  public:
    FitState(const FitTask& task, const Box& box, const Problems& problems, const FitOptions& options);

    std::string write(Fits& fits, const std::vector<std::atomic<bool>>& is_done) const;
    /// Takes over what is done. \throws std::invalid_argument where the bytes are no state of these problems.
    void read(std::string_view bytes, Fits& fits, std::vector<std::atomic<bool>>& is_done) const;

  private:
    std::uint64_t digest_;  ///< 0 where it is not needed
};

}  // namespace lanewise
