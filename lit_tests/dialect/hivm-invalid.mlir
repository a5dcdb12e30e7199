// What the vendor's verifier accepts silently and ours does not.
// RUN: xdsl-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// A vector instruction on global memory.
// CHECK: hivm.hir.vexp: operand must be in ub, but is in gm
func.func @f(%a: memref<8x16xf32, #hivm.address_space<gm>>) {
  "hivm.hir.vexp"(%a, %a) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<8x16xf32, #hivm.address_space<gm>>, memref<8x16xf32, #hivm.address_space<gm>>) -> ()
  func.return
}

// -----

// A vector instruction in L1.
// CHECK: hivm.hir.vexp: operand must be in ub, but is in cbuf
func.func @f(%a: memref<8x16xf32, #hivm.address_space<cbuf>>) {
  "hivm.hir.vexp"(%a, %a) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 1, 1, 0>, transpose = array<i64>}> : (memref<8x16xf32, #hivm.address_space<cbuf>>, memref<8x16xf32, #hivm.address_space<cbuf>>) -> ()
  func.return
}

// -----

// A vector instruction in L0C.
// CHECK: hivm.hir.vadd: operand must be in ub, but is in cc
func.func @f(%a: memref<8x16xf32, #hivm.address_space<cc>>) {
  "hivm.hir.vadd"(%a, %a, %a) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<8x16xf32, #hivm.address_space<cc>>, memref<8x16xf32, #hivm.address_space<cc>>, memref<8x16xf32, #hivm.address_space<cc>>) -> ()
  func.return
}

// -----

// A source repeated along a dimension that nobody named.
// CHECK: hivm.hir.vadd: {{\[}}8, 1] does not broadcast to {{\[}}8, 16] along {{\[}}]
func.func @f(%a: memref<8x16xf32, #hivm.address_space<ub>>, %b: memref<8x1xf32, #hivm.address_space<ub>>) {
  "hivm.hir.vadd"(%a, %b, %a) <{broadcast = array<i64>, operandSegmentSizes = array<i32: 2, 1, 0>, transpose = array<i64>}> : (memref<8x16xf32, #hivm.address_space<ub>>, memref<8x1xf32, #hivm.address_space<ub>>, memref<8x16xf32, #hivm.address_space<ub>>) -> ()
  func.return
}

// -----

// A transpose into the shape of its source.
// CHECK: hivm.hir.vtranspose: result is {{\[}}8, 16], wanted {{\[}}16, 8]
func.func @f(%a: memref<8x16xf32, #hivm.address_space<ub>>, %b: memref<8x16xf32, #hivm.address_space<ub>>) {
  "hivm.hir.vtranspose"(%a, %b) <{disable_align = false, permutation = array<i64: 1, 0>}> : (memref<8x16xf32, #hivm.address_space<ub>>, memref<8x16xf32, #hivm.address_space<ub>>) -> ()
  func.return
}

// -----

// A load into L0C.
// CHECK: hivm.hir.load: destination must be in ub, but is in cc
func.func @f(%a: memref<8x16xf32, #hivm.address_space<gm>>, %b: memref<8x16xf32, #hivm.address_space<cc>>) {
  "hivm.hir.load"(%a, %b) <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0>}> : (memref<8x16xf32, #hivm.address_space<gm>>, memref<8x16xf32, #hivm.address_space<cc>>) -> ()
  func.return
}

// -----

// A product of factors in ub.
// CHECK: hivm.hir.mmadL1: a must be in cbuf, but is in ub
func.func @f(%a: memref<1x1x16x16xf16, #hivm.address_space<ub>>, %b: memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, %c: memref<1x1x16x16xf32, #hivm.address_space<cc>>, %i: i1, %m: index) {
  "hivm.hir.mmadL1"(%a, %b, %i, %m, %m, %m, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}> : (memref<1x1x16x16xf16, #hivm.address_space<ub>>, memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, i1, index, index, index, memref<1x1x16x16xf32, #hivm.address_space<cc>>) -> ()
  func.return
}

// -----

// A product into L1.
// CHECK: hivm.hir.mmadL1: c must be in cc, but is in cbuf
func.func @f(%a: memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, %b: memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, %c: memref<1x1x16x16xf32, #hivm.address_space<cbuf>>, %i: i1, %m: index) {
  "hivm.hir.mmadL1"(%a, %b, %i, %m, %m, %m, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}> : (memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, i1, index, index, index, memref<1x1x16x16xf32, #hivm.address_space<cbuf>>) -> ()
  func.return
}

// -----

// Factors of two dtypes.
// CHECK: hivm.hir.mmadL1: f16 times bf16
func.func @f(%a: memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, %b: memref<1x1x16x16xbf16, #hivm.address_space<cbuf>>, %c: memref<1x1x16x16xf32, #hivm.address_space<cc>>, %i: i1, %m: index) {
  "hivm.hir.mmadL1"(%a, %b, %i, %m, %m, %m, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}> : (memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, memref<1x1x16x16xbf16, #hivm.address_space<cbuf>>, i1, index, index, index, memref<1x1x16x16xf32, #hivm.address_space<cc>>) -> ()
  func.return
}

// -----

// Factors whose inner extents differ.
// CHECK: hivm.hir.mmadL1: k is 32 and 16 in fractals
func.func @f(%a: memref<2x1x16x16xf16, #hivm.address_space<cbuf>>, %b: memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, %c: memref<1x1x16x16xf32, #hivm.address_space<cc>>, %i: i1, %m: index) {
  "hivm.hir.mmadL1"(%a, %b, %i, %m, %m, %m, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}> : (memref<2x1x16x16xf16, #hivm.address_space<cbuf>>, memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, i1, index, index, index, memref<1x1x16x16xf32, #hivm.address_space<cc>>) -> ()
  func.return
}

// -----

// Fractals of the wrong width.
// CHECK: hivm.hir.mmadL1: a is {{\[}}1, 1, 16, 16], not fractals {{\[}}.., .., 16, 8]
func.func @f(%a: memref<1x1x16x16xf32, #hivm.address_space<cbuf>>, %b: memref<1x1x16x16xf32, #hivm.address_space<cbuf>>, %c: memref<1x1x16x16xf32, #hivm.address_space<cc>>, %i: i1, %m: index) {
  "hivm.hir.mmadL1"(%a, %b, %i, %m, %m, %m, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}> : (memref<1x1x16x16xf32, #hivm.address_space<cbuf>>, memref<1x1x16x16xf32, #hivm.address_space<cbuf>>, i1, index, index, index, memref<1x1x16x16xf32, #hivm.address_space<cc>>) -> ()
  func.return
}

// -----

// An address that is on no block.
// CHECK: hivm.hir.pointer_cast: address 17 is not a multiple of 32 bytes
func.func @f() {
  %c = arith.constant 17 : i64
  %a = "hivm.hir.pointer_cast"(%c) <{operandSegmentSizes = array<i32: 1, 0>}> : (i64) -> memref<8x16xf32, #hivm.address_space<ub>>
  func.return
}

// -----

// A flag within one pipe.
// CHECK: hivm.hir.set_flag: within one pipe use hivm.hir.pipe_barrier
func.func @f() {
  "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, wait_pipe = #hivm.pipe<PIPE_V>, static_event_id = #hivm.event<EVENT_ID0>}> : () -> ()
  func.return
}

// -----

// There are eight events.
// CHECK: hivm.event EVENT_ID8: expected one of EVENT_ID0
func.func @f() {
  "hivm.hir.set_flag"() <{set_pipe = #hivm.pipe<PIPE_V>, wait_pipe = #hivm.pipe<PIPE_S>, static_event_id = #hivm.event<EVENT_ID8>}> : () -> ()
  func.return
}

// -----

// A scan along no dimension of the tile.
// CHECK: hivm.hir.vcumsum: dimensions {{\[}}2]
func.func @f(%a: memref<8x16xf32, #hivm.address_space<ub>>) {
  "hivm.hir.vcumsum"(%a, %a) <{cum_dims = array<i64: 2>, reverse = false}> : (memref<8x16xf32, #hivm.address_space<ub>>, memref<8x16xf32, #hivm.address_space<ub>>) -> ()
  func.return
}

// -----

// A barrier of one pipe does not hold the others.
// CHECK: hivm.hir.sync_block: only PIPE_ALL holds what comes after it
func.func @f() {
  "hivm.hir.sync_block"() <{sync_block_mode = #hivm.sync_block_mode<ALL_VECTOR>, flag_id = 12 : i16, tvector_pipe = #hivm.pipe<PIPE_MTE3>}> : () -> ()
  func.return
}

// -----

// A barrier of both kinds of cores becomes two that know nothing of each other.
// CHECK: hivm.hir.sync_block: ALL is no barrier of one kind of cores
func.func @f() {
  "hivm.hir.sync_block"() <{sync_block_mode = #hivm.sync_block_mode<ALL>, flag_id = 12 : i16, tcube_pipe = #hivm.pipe<PIPE_ALL>, tvector_pipe = #hivm.pipe<PIPE_ALL>}> : () -> ()
  func.return
}

// -----

// A core has sixteen counters.
// CHECK: hivm.hir.sync_block_wait: flag 16 is not in 0..15
func.func @f() {
  "hivm.hir.sync_block_wait"() <{tcore_type = #hivm.tcore_type<CUBE>, tpipe = #hivm.pipe<PIPE_MTE3>, pipe = #hivm.pipe<PIPE_MTE2>, static_flag_id = 16 : i64}> : () -> ()
  func.return
}
