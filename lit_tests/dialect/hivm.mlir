// HIVM in the generic form that the vendor's tools print and read: every op that we write.
// RUN: xdsl-opt --print-op-generic %s | xdsl-opt --print-op-generic | filecheck %s

"builtin.module"() ({
  "func.func"() <{function_type = (memref<6x64xf32, #hivm.address_space<gm>>, memref<6x64xf32, #hivm.address_space<gm>>, i64) -> (), sym_name = "k"}> ({
  ^bb0(%arg0: memref<6x64xf32, #hivm.address_space<gm>>, %arg1: memref<6x64xf32, #hivm.address_space<gm>>, %arg2: i64):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %1 = "arith.constant"() <{value = 2 : i32}> : () -> i32
    %2 = "arith.constant"() <{value = 0 : index}> : () -> index
    %3 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<6x64xf32, #hivm.address_space<ub>>
    %4 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<6x1xf32, #hivm.address_space<ub>>
    %5 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<6x64xi1, #hivm.address_space<ub>>
    %6 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<6x64xf16, #hivm.address_space<ub>>
    %7 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<64x6xf32, #hivm.address_space<ub>>
    %8 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<6x1xi32, #hivm.address_space<ub>>
    %9 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<64xf32, #hivm.address_space<ub>>
    %10 = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<64xi32, #hivm.address_space<ub>>
    // CHECK: "hivm.hir.vexp"({{.*}}) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}>
    "hivm.hir.vexp"(%3, %3) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vnot"({{.*}}) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}>
    "hivm.hir.vnot"(%5, %5) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<6x64xi1, #hivm.address_space<ub>>, memref<6x64xi1, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vand"({{.*}}) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}>
    "hivm.hir.vand"(%5, %5, %5) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<6x64xi1, #hivm.address_space<ub>>, memref<6x64xi1, #hivm.address_space<ub>>, memref<6x64xi1, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vadd"({{.*}}) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}>
    "hivm.hir.vadd"(%3, %4, %3) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x1xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vadd"({{.*}}) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}>
    "hivm.hir.vadd"(%3, %4, %3, %9) <{broadcast = array<i64: 1>, operandSegmentSizes = array<i32: 2, 1, 1>, transpose = array<i64>}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x1xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>, memref<64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vcmp"({{.*}}) <{broadcast = array<i64>, compare_mode = #hivm.compare_mode<eq>, operandSegmentSizes = array<i32: 2, 1>, transpose = array<i64>}>
    "hivm.hir.vcmp"(%3, %0, %5) <{broadcast = array<i64>, compare_mode = #hivm.compare_mode<eq>, operandSegmentSizes = array<i32: 2, 1>, transpose = array<i64>}> : (memref<6x64xf32, #hivm.address_space<ub>>, f32, memref<6x64xi1, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vsel"({{.*}}) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 3, 1, 0>, transpose = array<i64>}>
    "hivm.hir.vsel"(%5, %3, %3, %3) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 3, 1, 0>, transpose = array<i64>}> : (memref<6x64xi1, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vcast"({{.*}}) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<rint>, transpose = array<i64>}>
    "hivm.hir.vcast"(%3, %6) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<rint>, transpose = array<i64>}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x64xf16, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vcast"({{.*}}) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<rint>, transpose = array<i64>}>
    "hivm.hir.vcast"(%3, %6) <{broadcast = array<i64>, cast = #hivm.cast<cast_signed>, operandSegmentSizes = array<i32: 1, 1, 0>, round_mode = #hivm.round_mode<rint>, transpose = array<i64>}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x64xf16, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vbrc"({{.*}}) <{broadcast_dims = array<i64>}>
    "hivm.hir.vbrc"(%0, %3) <{broadcast_dims = array<i64>}> : (f32, memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vbrc"({{.*}}) <{broadcast_dims = array<i64: 1>}>
    "hivm.hir.vbrc"(%4, %3) <{broadcast_dims = array<i64: 1>}> : (memref<6x1xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vreduce"({{.*}}) <{arith = #hivm.reduce_op<max_with_index_left>, operandSegmentSizes = array<i32: 1, 2, 0, 0>, reduce_dims = array<i64: 1>}>
    "hivm.hir.vreduce"(%3, %4, %8) <{arith = #hivm.reduce_op<max_with_index_left>, operandSegmentSizes = array<i32: 1, 2, 0, 0>, reduce_dims = array<i64: 1>}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x1xf32, #hivm.address_space<ub>>, memref<6x1xi32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vcumsum"({{.*}}) <{cum_dims = array<i64: 1>, reverse = false}>
    "hivm.hir.vcumsum"(%3, %3) <{cum_dims = array<i64: 1>, reverse = false}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vtranspose"({{.*}}) <{disable_align = false, permutation = array<i64: 1, 0>}>
    "hivm.hir.vtranspose"(%3, %7) <{disable_align = false, permutation = array<i64: 1, 0>}> : (memref<6x64xf32, #hivm.address_space<ub>>, memref<64x6xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vgather"({{.*}})
    "hivm.hir.vgather"(%9, %10, %9) : (memref<64xf32, #hivm.address_space<ub>>, memref<64xi32, #hivm.address_space<ub>>, memref<64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.copy"({{.*}})
    "hivm.hir.copy"(%3, %3) : (memref<6x64xf32, #hivm.address_space<ub>>, memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.vshr"({{.*}}) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}>
    "hivm.hir.vshr"(%10, %1, %10) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<64xi32, #hivm.address_space<ub>>, i32, memref<64xi32, #hivm.address_space<ub>>) -> ()
    // CHECK: "hivm.hir.set_flag"({{.*}}) <{set_pipe = #hivm.pipe<PIPE_MTE2>, wait_pipe = #hivm.pipe<PIPE_V>}>
    "hivm.hir.set_flag"(%arg2) <{set_pipe = #hivm.pipe<PIPE_MTE2>, wait_pipe = #hivm.pipe<PIPE_V>}> : (i64) -> ()
    // CHECK: "hivm.hir.wait_flag"({{.*}}) <{set_pipe = #hivm.pipe<PIPE_MTE2>, wait_pipe = #hivm.pipe<PIPE_V>}>
    "hivm.hir.wait_flag"(%arg2) <{set_pipe = #hivm.pipe<PIPE_MTE2>, wait_pipe = #hivm.pipe<PIPE_V>}> : (i64) -> ()
    // CHECK: "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}>
    "hivm.hir.pipe_barrier"() <{pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    // CHECK: "annotation.mark"({{.*}}) {hacc.arg_type = #hacc.arg_type<input>}
    "annotation.mark"(%arg2) {hacc.arg_type = #hacc.arg_type<input>} : (i64) -> ()
    // CHECK: "hivm.hir.set_ffts_base_addr"({{.*}})
    "hivm.hir.set_ffts_base_addr"(%arg2) : (i64) -> ()
    // CHECK: "hivm.hir.sync_block"() <{sync_block_mode = #hivm.sync_block_mode<ALL_VECTOR>, flag_id = 12 : i16, tvector_pipe = #hivm.pipe<PIPE_ALL>}>
    "hivm.hir.sync_block"() <{sync_block_mode = #hivm.sync_block_mode<ALL_VECTOR>, flag_id = 12 : i16, tvector_pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
    // CHECK: "hivm.hir.sync_block_set"(%{{.*}}) <{{.*}}tsync_instr_mode = #hivm.sync_block_instr_mode<INTER_BLOCK_SYNCHRONIZATION>
    "hivm.hir.sync_block_set"(%arg2) <{operandSegmentSizes = array<i32: 0, 1>, pipe = #hivm.pipe<PIPE_S>, static_flag_id = 0 : i64, tcore_type = #hivm.tcore_type<VECTOR>, tpipe = #hivm.pipe<PIPE_MTE3>, tsync_instr_mode = #hivm.sync_block_instr_mode<INTER_BLOCK_SYNCHRONIZATION>}> : (i64) -> ()
    // CHECK: "hivm.hir.sync_block_wait"(%{{.*}}) <{{.*}}tcore_type = #hivm.tcore_type<VECTOR>
    "hivm.hir.sync_block_wait"(%arg2) <{pipe = #hivm.pipe<PIPE_S>, tcore_type = #hivm.tcore_type<VECTOR>, tpipe = #hivm.pipe<PIPE_MTE3>}> : (i64) -> ()
    // CHECK: "hivm.hir.set_mask_norm"()
    "hivm.hir.set_mask_norm"() : () -> ()
    // CHECK: "hivm.hir.pointer_cast"({{.*}}) <{operandSegmentSizes = array<i32: 2, 0>}>
    %11 = "hivm.hir.pointer_cast"(%arg2, %arg2) <{operandSegmentSizes = array<i32: 2, 0>}> : (i64, i64) -> memref<6x64xf32, #hivm.address_space<ub>>
    // CHECK: "annotation.mark"({{.*}}) {hivm.multi_buffer = 2 : i32}
    "annotation.mark"(%11) {hivm.multi_buffer = 2 : i32} : (memref<6x64xf32, #hivm.address_space<ub>>) -> ()
    "func.return"() : () -> ()
  }) {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIV>} : () -> ()
}) : () -> ()

