// Memory for rows: aligned for the widest vectors, not touched before its user does.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#include "kernels/table.hpp"

namespace lanewise {

template <class T>
class AlignedArray {
  public:
    AlignedArray() = default;
    explicit AlignedArray(std::size_t count) : size_(count) {
        const std::size_t alignment = kernels::row_alignment;
        if (count > (static_cast<std::size_t>(-1) - alignment) / sizeof(T)) throw std::bad_alloc();
        const std::size_t bytes = (count * sizeof(T) + alignment - 1) / alignment * alignment;
        data_.reset(static_cast<T*>(std::aligned_alloc(alignment, bytes == 0 ? alignment : bytes)));
        if (!data_) throw std::bad_alloc();
    }

    T* data() const noexcept { return data_.get(); }
    std::size_t size() const noexcept { return size_; }
    T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }

  private:
    struct Free {
        void operator()(T* data) const noexcept { std::free(data); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t size_ = 0;
};

}  // namespace lanewise
