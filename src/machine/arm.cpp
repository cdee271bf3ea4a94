#include <asmjit/arm/a64assembler.h>

#include <bit>
#include <cstddef>
#include <map>
#include <stdexcept>

#include "asmjit_code.hpp"
#include "constants.hpp"

namespace lanewise::machine {

namespace {

namespace a64 = asmjit::a64;

/// For NEON of arm64.
class Arm final : public AsmJitCode<a64::Assembler> {
  public:
    Arm(Precision precision, std::span<const double> pool, bool with_text)
        : AsmJitCode(asmjit::Arch::kAArch64, precision, 16, PoolOf::vectors, pool, with_text) {}

    Register registers() const override { return temporary; }

    bool reads_memory(Op /*op*/, std::size_t /*operand*/, Base /*base*/) const override { return false; }

    unsigned tied_operands(Op op) const override {
        switch (op) {
            case Op::fma:
            case Op::fms:
            case Op::fnma: return 0b100;
            case Op::blend: return 0b111;
            case Op::call_if_any: return 0b001;
            default: return 0;
        }
    }

    void load(Register to, Place from) override {
        const a64::Mem memory = address(from);
        a_.ldr(a64::v(to), memory);
    }

    void store(Place to, Register from) override {
        const a64::Mem memory = address(to);
        a_.str(a64::v(from), memory);
    }

    void move(Register to, Register from) override { a_.mov(bits(to), bits(from)); }

    void operate(const Instruction& instruction, Register to,
                 const std::array<Operand, 3>& operands) override {
        const Register a = operands[0].reg, b = operands[1].reg, c = operands[2].reg;
        switch (instruction.op) {
            case Op::add: a_.fadd(vec(to), vec(a), vec(b)); break;
            case Op::sub: a_.fsub(vec(to), vec(a), vec(b)); break;
            case Op::mul: a_.fmul(vec(to), vec(a), vec(b)); break;
            case Op::div: a_.fdiv(vec(to), vec(a), vec(b)); break;
            case Op::fma: a_.fmla(vec(to), vec(a), vec(b)); break;
            case Op::fms: multiply_subtract(to, a, b); break;
            case Op::fnma: a_.fmls(vec(to), vec(a), vec(b)); break;
            case Op::sqrt: a_.fsqrt(vec(to), vec(a)); break;
            case Op::floor: a_.frintm(vec(to), vec(a)); break;
            case Op::ceil: a_.frintp(vec(to), vec(a)); break;
            case Op::min: choose_greater(to, b, a, a, b); break;
            case Op::max: choose_greater(to, a, b, a, b); break;
            case Op::bit_and: a_.and_(bits(to), bits(a), bits(b)); break;
            case Op::bit_and_not: a_.bic(bits(to), bits(b), bits(a)); break;
            case Op::bit_or: a_.orr(bits(to), bits(a), bits(b)); break;
            case Op::bit_xor: a_.eor(bits(to), bits(a), bits(b)); break;
            case Op::less: a_.fcmgt(vec(to), vec(b), vec(a)); break;
            case Op::less_or_equal: a_.fcmge(vec(to), vec(b), vec(a)); break;
            case Op::equal: a_.fcmeq(vec(to), vec(a), vec(b)); break;
            case Op::unordered: unordered(to, a, b); break;
            case Op::blend: blend(to, a, b, c); break;
            case Op::shift_left: a_.shl(vec(to), vec(a), instruction.amount); break;
            case Op::call_if_any: call_if_any(instruction.function, to, b, c); break;
            default: throw std::logic_error("an operation that has no instruction");
        }
    }

    void call(kernels::Call function, Place second) override {
        if (second) {
            a_.mov(a64::x0, offset(second));
            a_.add(a64::x0, a64::sp, a64::x0);
        }
        a_.mov(a64::x16, reinterpret_cast<std::uintptr_t>(function));
        a_.blr(a64::x16);
    }

    void leave_unless_all(Register mask) override {
        a_.uminv(a64::s(temporary), words(mask));
        a_.fmov(a64::w16, a64::s(temporary));
        branch_if_zero(a64::x16, leave_);
    }

    void begin_piece() override {
        a_.ldr(pitch_, local(0));  // of rows, in bytes
        a_.ldr(x_, local(1));
        a_.ldr(f_, local(2));
        a_.ldr(g_, local(3));
        a_.ldr(scratch_, local(4));
        a_.mov(left_, pitch_);
        loop_ = a_.newLabel();
        a_.bind(loop_);
    }

    void end_piece() override {
        for (const a64::Gp& pointer : {x_, g_, scratch_, f_}) a_.add(pointer, pointer, vector_bytes());
        a_.sub(left_, left_, vector_bytes());
        branch_unless_zero(left_, loop_);
    }

    std::size_t end_evaluate(std::size_t spills) override {
        leave_function();
        const std::size_t entry = enter_function(spills);
        a_.lsl(a64::x0, a64::x0, is_double() ? 3 : 2);
        for (std::uint32_t i = 0; i < 5; ++i) a_.str(a64::x(i), local(static_cast<int>(i)));
        a_.b(body_);
        return entry;
    }

    void begin_evaluate_data(std::size_t /*shared_columns*/) override {
        throw std::runtime_error("loops over rows of data have no machine code for this processor");
    }
    void begin_rows() override {}
    void begin_loop(kernels::RowsOf /*rows*/) override {}
    void end_loop() override {}
    std::size_t end_evaluate_data(std::size_t /*spills*/) override { return 0; }

    std::size_t end_turns(std::size_t spills) override {
        a_.bind(body_);
        const asmjit::Label round = a_.newLabel();
        const asmjit::Label done = a_.newLabel();
        a_.mov(previous_, current_);
        a_.mov(step_, step_now_);
        a_.mov(a64::x16, frame_bytes_);
        a_.add(current_, current_, a64::x16);
        a_.ldr(a64::x16, turns(offsetof(kernels::Turns<double>, end)));
        a_.sub(a64::x16, current_, a64::x16);
        branch_unless_zero(a64::x16, loop_);
        const int step_bytes = is_double() ? sizeof(kernels::Step<double>) : sizeof(kernels::Step<float>);
        a_.ldr(a64::x16, turns(offsetof(kernels::Turns<double>, step)));
        a_.add(a64::x16, a64::x16, step_bytes);
        a_.ldr(a64::x17, turns(offsetof(kernels::Turns<double>, last)));
        a_.sub(a64::x17, a64::x16, a64::x17);
        branch_if_zero(a64::x17, done);
        a_.str(a64::x16, turns(offsetof(kernels::Turns<double>, step)));
        a_.ldr(current_, turns(offsetof(kernels::Turns<double>, begin)));
        a_.eor(step_now_, step_now_, static_cast<int>(kernels::StepRow::rows) * vector_bytes());
        a_.str(step_now_, turns(offsetof(kernels::Turns<double>, step_rows)));
        constexpr std::uint32_t numbers = 5;  // of kernels::Step, the first rows of kernels::StepRow
        for (std::uint32_t i = 0; i < numbers; ++i) {
            a_.ld1r(vec(0), a64::ptr_post(a64::x16, number_bytes()));
            store({Base::step_now, i}, 0);
        }
        const Place iteration{Base::step, static_cast<std::uint32_t>(kernels::StepRow::iteration)};
        load(0, iteration);
        load(1, {Base::pool, static_cast<std::uint32_t>(Constant::one)});
        a_.fadd(vec(0), vec(0), vec(1));
        store({Base::step_now, iteration.index}, 0);
        a_.b(loop_);

        a_.bind(done);
        a_.mov(current_, previous_);
        a_.mov(a64::x0, 1);
        a_.b(round);
        a_.bind(leave_);
        a_.mov(a64::x0, 0);
        a_.bind(round);
        a_.str(current_, turns(offsetof(kernels::Turns<double>, current)));
        leave_function();
        const std::size_t entry = enter_function(spills);
        a_.mov(turns_, a64::x0);
        a_.ldr(current_, turns(offsetof(kernels::Turns<double>, current)));
        a_.ldr(ranges_, turns(offsetof(kernels::Turns<double>, ranges)));
        a_.ldr(step_now_, turns(offsetof(kernels::Turns<double>, step_rows)));
        a_.b(body_);
        return entry;
    }

  private:
    a64::VecV vec(Register reg) const {
        if (is_double()) return a64::v(reg).d2();
        return a64::v(reg).s4();
    }
    static a64::VecV bits(Register reg) { return a64::v(reg).b16(); }
    static a64::VecV words(Register reg) { return a64::v(reg).s4(); }

    /// Of an address the instructions come first. They write x16.
    a64::Mem address(Place place) {
        switch (place.base) {
            case Base::spill: return from(a64::sp, offset(place));
            case Base::pool: return from(numbers_, offset(place));
            case Base::x: return row(x_, place.index);
            case Base::scratch: return row(scratch_, place.index);
            case Base::gradient: return row(g_, place.index);
            case Base::value: return from(f_, offset(place));
            case Base::current: return from(current_, offset(place));
            case Base::previous: return from(previous_, offset(place));
            case Base::ranges: return from(ranges_, offset(place));
            case Base::step: return from(step_, offset(place));
            case Base::step_now: return from(step_now_, offset(place));
            case Base::none: break;
        }
        return {};
    }

    a64::Mem from(const a64::Gp& base, std::int32_t bytes) {
        constexpr std::int32_t furthest = 4095 * 16;  // that an instruction can say of a vector
        if (bytes <= furthest) return a64::ptr(base, bytes);
        a_.mov(a64::x16, bytes);
        return a64::ptr(base, a64::x16);
    }

    a64::Mem row(const a64::Gp& base, std::uint32_t index) {
        if (index == 0) return a64::ptr(base);
        if (index == 1) return a64::ptr(base, pitch_);
        if (std::has_single_bit(index)) {
            a_.add(a64::x16, base, pitch_, a64::lsl(static_cast<std::uint32_t>(std::countr_zero(index))));
        } else {
            a_.mov(a64::x16, index);
            a_.madd(a64::x16, a64::x16, pitch_, base);
        }
        return a64::ptr(a64::x16);
    }

    a64::Mem turns(int offset) const { return a64::ptr(turns_, offset); }
    static a64::Mem local(int index) { return a64::ptr(a64::sp, 8 * index); }

    /// A conditional branch reaches 1 MB, an unconditional one 128 MB.
    void branch_if_zero(const a64::Gp& reg, const asmjit::Label& to) {
        const asmjit::Label past = a_.newLabel();
        a_.cbnz(reg, past);
        a_.b(to);
        a_.bind(past);
    }
    void branch_unless_zero(const a64::Gp& reg, const asmjit::Label& to) {
        const asmjit::Label past = a_.newLabel();
        a_.cbz(reg, past);
        a_.b(to);
        a_.bind(past);
    }

    /// a*b - to, rounded once: the sign of a zero is that of adding -to.
    void multiply_subtract(Register to, Register a, Register b) {
        const Register sum = a == to || b == to ? temporary : to;
        a_.fneg(vec(sum), vec(to));
        a_.fmla(vec(sum), vec(a), vec(b));
        if (sum != to) move(to, sum);
    }

    /// greater > less ? set : clear
    void choose_greater(Register to, Register greater, Register less, Register set, Register clear) {
        const Register mask = to == set || to == clear ? temporary : to;
        a_.fcmgt(vec(mask), vec(greater), vec(less));
        blend(to, mask, set, clear);
    }

    /// The result is in the register of one of the three.
    void blend(Register to, Register mask, Register set, Register clear) {
        if (to == mask) {
            a_.bsl(bits(to), bits(set), bits(clear));
        } else if (to == set) {
            a_.bif(bits(to), bits(clear), bits(mask));
        } else {
            a_.bit(bits(to), bits(set), bits(mask));
        }
    }

    void unordered(Register to, Register a, Register b) {
        a_.fcmeq(vec(temporary), vec(a), vec(a));
        if (a != b) {
            a_.fcmeq(vec(to), vec(b), vec(b));
            a_.and_(bits(temporary), bits(temporary), bits(to));
        }
        a_.mvn(bits(to), bits(temporary));
    }

    void call_if_any(kernels::Call function, Register to, Register mask, Register of) {
        a_.umaxv(a64::s(temporary), words(mask));
        a_.fmov(a64::w16, a64::s(temporary));
        detours_.push_back({a_.newLabel(), a_.newLabel(), to, of, function});
        branch_unless_zero(a64::x16, detours_.back().begin);
        a_.bind(detours_.back().end);
    }

    /// The way round: a function that takes its operand from the stack and leaves its result there, and all
    /// registers as they are.
    void bind_aside(kernels::Call function, const asmjit::Label& label) {
        constexpr std::uint32_t vectors = 32;
        const std::int32_t back = static_cast<std::int32_t>(vectors) * vector_bytes();  // where to return to
        const std::int32_t bytes = back + 16;
        const auto visit_saved = [&](auto pair) {
            for (std::uint32_t reg = 0; reg < vectors; reg += 2)
                pair(a64::v(reg), a64::v(reg + 1),
                     a64::ptr(a64::sp, static_cast<std::int32_t>(reg) * vector_bytes()));
        };
        const a64::Mem operand = a64::ptr(a64::sp, bytes + aside_offset);
        a_.bind(label);
        a_.sub(a64::sp, a64::sp, bytes);
        a_.str(a64::x30, a64::ptr(a64::sp, back));
        visit_saved(
            [&](const auto& first, const auto& second, const a64::Mem& at) { a_.stp(first, second, at); });
        a_.ldr(a64::v0, operand);
        call(function, {});
        a_.str(a64::v0, operand);
        visit_saved(
            [&](const auto& first, const auto& second, const a64::Mem& at) { a_.ldp(first, second, at); });
        a_.ldr(a64::x30, a64::ptr(a64::sp, back));
        a_.add(a64::sp, a64::sp, bytes);
        a_.ret(a64::x30);
    }

    void write_detours() {
        std::map<kernels::Call, asmjit::Label> asides;
        const a64::Mem operand = a64::ptr(a64::sp, aside_offset);
        for (const Detour& detour : detours_) {
            const auto [aside, is_new] = asides.try_emplace(detour.function);
            if (is_new) aside->second = a_.newLabel();
            a_.bind(detour.begin);
            a_.str(a64::v(detour.from), operand);
            a_.bl(aside->second);
            a_.ldr(a64::v(detour.to), operand);
            a_.b(detour.end);
        }
        for (const auto& [function, label] : asides) bind_aside(function, label);
        detours_.clear();
    }

    /// The registers that a function has to leave as they were, in pairs, and where they are from the frame
    /// pointer on; the frame pointer itself is at the beginning.
    template <class Pair>
    static void visit_kept(Pair pair) {
        int at = 16;
        for (std::uint32_t reg = 19; reg < 27; reg += 2, at += 16)
            pair(a64::x(reg), a64::x(reg + 1), a64::ptr(a64::x29, at));
        for (std::uint32_t reg = 8; reg < 16; reg += 2, at += 16)
            pair(a64::d(reg), a64::d(reg + 1), a64::ptr(a64::x29, at));
    }

    void leave_function() {
        visit_kept(
            [&](const auto& first, const auto& second, const a64::Mem& at) { a_.ldp(first, second, at); });
        a_.mov(a64::sp, a64::x29);
        a_.ldp(a64::x29, a64::x30, a64::ptr_post(a64::sp, kept_bytes));
        a_.ret(a64::x30);
        write_detours();
    }

    /// The beginning of a function comes after its end: only then is it known how much of the stack it takes.
    std::size_t enter_function(std::size_t spills) {
        a_.align(asmjit::AlignMode::kCode, 16);
        const std::size_t entry = a_.offset();
        a_.stp(a64::x29, a64::x30, a64::ptr_pre(a64::sp, -kept_bytes));
        a_.mov(a64::x29, a64::sp);
        visit_kept(
            [&](const auto& first, const auto& second, const a64::Mem& at) { a_.stp(first, second, at); });
        const std::int32_t bytes = stack_bytes(spills);
        for (std::int32_t below = page_bytes; below < bytes + alignment; below += page_bytes) {
            a_.mov(a64::x16, below);
            a_.sub(a64::x16, a64::sp, a64::x16);
            a_.str(a64::xzr, a64::ptr(a64::x16));
        }
        a_.mov(a64::x16, bytes);
        a_.sub(a64::sp, a64::sp, a64::x16);
        // An instruction that gives an address reaches 1 MB, too.
        const asmjit::Label here = a_.newLabel();
        a_.bind(here);
        a_.adr(numbers_, here);
        a_.mov(a64::x16, code_.labelOffset(here) - code_.labelOffset(pool_));
        a_.sub(numbers_, numbers_, a64::x16);
        return entry;
    }

    static constexpr int kept_bytes = 16 * 9;

    /// A vector register that holds nothing from one operation to the next.
    static constexpr Register temporary = 31;

    // All of these are kept by functions that are called. The pool is found from `numbers_`.
    const a64::GpX numbers_ = a64::x25;
    // Of `evaluate`.
    const a64::GpX x_ = a64::x19, g_ = a64::x20, scratch_ = a64::x21, left_ = a64::x22, pitch_ = a64::x23,
                   f_ = a64::x24;
    // Of `take_turns`.
    const a64::GpX current_ = a64::x19, previous_ = a64::x20, step_ = a64::x21, ranges_ = a64::x22,
                   turns_ = a64::x23, step_now_ = a64::x24;
};

}  // namespace

bool has_machine_code(Isa isa) {
    return isa == Isa::neon;
}

std::unique_ptr<Assembler> make_assembler(Isa /*isa*/, Precision precision, std::span<const double> pool,
                                          bool with_text) {
    return std::make_unique<Arm>(precision, pool, with_text);
}

}  // namespace lanewise::machine
