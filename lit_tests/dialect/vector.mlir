// The instructions of the vector unit, on tiles in ub.
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

npu.kernel @k ins(%x: memref<16x64xf32, #npu.scope<global>>) outs(%y: memref<16x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %s = arith.constant 2.0 : f32
  %n = arith.constant 3 : i8
  %a = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %o = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  %h = npu.alloc : memref<8x64xf16, #npu.scope<ub>>
  %p = npu.alloc : memref<8x64xi8, #npu.scope<ub>>
  %q = npu.alloc : memref<8x64xi8, #npu.scope<ub>>
  %i = npu.alloc : memref<8x64xi32, #npu.scope<ub>>
  %c = npu.alloc : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  %ci = npu.alloc : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>
  %v = npu.alloc : memref<64xf32, #npu.scope<ub>>
  %vi = npu.alloc : memref<64xi32, #npu.scope<ub>>
  %t = npu.alloc : memref<64x8xf32, #npu.scope<ub>>

  // Unary: one tile in, one tile out, which may be the same.
  // CHECK: npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vexp"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vexp ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vln ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vln"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vln ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vabs ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vabs"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vabs ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vsqrt ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vsqrt"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vsqrt ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vrsqrt ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vrsqrt"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vrsqrt ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vrec ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vrec"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vrec ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vrelu ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vrelu"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vrelu ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vneg ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vneg"(%a, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vneg ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vnot ins(%p : memref<8x64xi8, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vnot"(%p, %p) : (memref<8x64xi8, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vnot ins(%p : memref<8x64xi8, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)

  // Binary: the second operand a tile, a tile that is broadcast, or a scalar.
  // CHECK: npu.vadd ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vadd"(%a, %b, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vadd ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vsub ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vsub"(%a, %b, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vsub ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vmul ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vmul"(%a, %b, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vmul ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vdiv ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vdiv"(%a, %b, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vdiv ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vmax ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vmax"(%a, %b, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vmax ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vmin ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vmin"(%a, %b, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vmin ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vsub ins(%a, %c : memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vsub"(%a, %c, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vsub ins(%a, %c : memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vmul ins(%a, %v : memref<8x64xf32, #npu.scope<ub>>, memref<64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vmul"(%a, %v, %o) : (memref<8x64xf32, #npu.scope<ub>>, memref<64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vmul ins(%a, %v : memref<8x64xf32, #npu.scope<ub>>, memref<64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vmul ins(%a, %s : memref<8x64xf32, #npu.scope<ub>>, f32) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vmul"(%a, %s, %o) : (memref<8x64xf32, #npu.scope<ub>>, f32, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vmul ins(%a, %s : memref<8x64xf32, #npu.scope<ub>>, f32) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vand ins(%p, %q : memref<8x64xi8, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vand"(%p, %q, %p) : (memref<8x64xi8, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vand ins(%p, %q : memref<8x64xi8, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vor ins(%p, %n : memref<8x64xi8, #npu.scope<ub>>, i8) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vor"(%p, %n, %p) : (memref<8x64xi8, #npu.scope<ub>>, i8, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vor ins(%p, %n : memref<8x64xi8, #npu.scope<ub>>, i8) outs(%p : memref<8x64xi8, #npu.scope<ub>>)

  // Comparison gives bytes of 0 and 1, selection takes them.
  // CHECK: npu.vcmp <eq> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vcmp"(%a, %b, %p) <{predicate = #npu.comparison<eq>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vcmp <eq> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vcmp <ne> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vcmp"(%a, %b, %p) <{predicate = #npu.comparison<ne>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vcmp <ne> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vcmp <lt> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vcmp"(%a, %b, %p) <{predicate = #npu.comparison<lt>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vcmp <lt> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vcmp <le> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vcmp"(%a, %b, %p) <{predicate = #npu.comparison<le>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vcmp <le> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vcmp <gt> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vcmp"(%a, %b, %p) <{predicate = #npu.comparison<gt>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vcmp <gt> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vcmp <ge> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vcmp"(%a, %b, %p) <{predicate = #npu.comparison<ge>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vcmp <ge> ins(%a, %b : memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vcmp <gt> ins(%a, %s : memref<8x64xf32, #npu.scope<ub>>, f32) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // GENERIC: "npu.vcmp"(%a, %s, %p) <{predicate = #npu.comparison<gt>}> : (memref<8x64xf32, #npu.scope<ub>>, f32, memref<8x64xi8, #npu.scope<ub>>) -> ()
  npu.vcmp <gt> ins(%a, %s : memref<8x64xf32, #npu.scope<ub>>, f32) outs(%p : memref<8x64xi8, #npu.scope<ub>>)
  // CHECK: npu.vsel ins(%p, %a, %b : memref<8x64xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vsel"(%p, %a, %b, %o) : (memref<8x64xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vsel ins(%p, %a, %b : memref<8x64xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vsel ins(%p, %a, %s : memref<8x64xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, f32) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vsel"(%p, %a, %s, %o) : (memref<8x64xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, f32, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vsel ins(%p, %a, %s : memref<8x64xi8, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, f32) outs(%o : memref<8x64xf32, #npu.scope<ub>>)

  // Conversion says how it rounds.
  // CHECK: npu.vcast <rint> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // GENERIC: "npu.vcast"(%a, %i) <{rounding = #npu.rounding<rint>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) -> ()
  npu.vcast <rint> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // CHECK: npu.vcast <floor> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // GENERIC: "npu.vcast"(%a, %i) <{rounding = #npu.rounding<floor>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) -> ()
  npu.vcast <floor> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // CHECK: npu.vcast <ceil> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // GENERIC: "npu.vcast"(%a, %i) <{rounding = #npu.rounding<ceil>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) -> ()
  npu.vcast <ceil> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // CHECK: npu.vcast <round> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // GENERIC: "npu.vcast"(%a, %i) <{rounding = #npu.rounding<round>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) -> ()
  npu.vcast <round> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // CHECK: npu.vcast <trunc> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // GENERIC: "npu.vcast"(%a, %i) <{rounding = #npu.rounding<trunc>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) -> ()
  npu.vcast <trunc> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x64xi32, #npu.scope<ub>>)
  // CHECK: npu.vcast <rint> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%h : memref<8x64xf16, #npu.scope<ub>>)
  // GENERIC: "npu.vcast"(%a, %h) <{rounding = #npu.rounding<rint>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf16, #npu.scope<ub>>) -> ()
  npu.vcast <rint> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%h : memref<8x64xf16, #npu.scope<ub>>)

  // Fill with a scalar, or broadcast a tile.
  // CHECK: npu.vbrc ins(%s : f32) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vbrc"(%s, %o) : (f32, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vbrc ins(%s : f32) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // CHECK: npu.vbrc ins(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vbrc"(%c, %o) : (memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vbrc ins(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)

  // A reduction keeps the reduced dimension, with extent 1. A long row needs a temporary,
  // whose address npu-plan-memory sets.
  // CHECK: npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // GENERIC: "npu.vreduce"(%a, %c) <{kind = #npu.reduction<sum>, axes = array<i64: 1>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) -> ()
  npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // CHECK: npu.vreduce <max> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // GENERIC: "npu.vreduce"(%a, %c) <{kind = #npu.reduction<max>, axes = array<i64: 1>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) -> ()
  npu.vreduce <max> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // CHECK: npu.vreduce <min> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // GENERIC: "npu.vreduce"(%a, %c) <{kind = #npu.reduction<min>, axes = array<i64: 1>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) -> ()
  npu.vreduce <min> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // CHECK: npu.vreduce <prod> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // GENERIC: "npu.vreduce"(%a, %c) <{kind = #npu.reduction<prod>, axes = array<i64: 1>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) -> ()
  npu.vreduce <prod> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // CHECK: npu.vreduce <argmax> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%ci : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // GENERIC: "npu.vreduce"(%a, %ci) <{kind = #npu.reduction<argmax>, axes = array<i64: 1>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) -> ()
  npu.vreduce <argmax> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%ci : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // CHECK: npu.vreduce <argmin> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%ci : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // GENERIC: "npu.vreduce"(%a, %ci) <{kind = #npu.reduction<argmin>, axes = array<i64: 1>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) -> ()
  npu.vreduce <argmin> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%ci : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  // CHECK: npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1] temporary 4096
  // GENERIC: "npu.vreduce"(%a, %c) <{kind = #npu.reduction<sum>, axes = array<i64: 1>, temporary = 4096 : i64}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) -> ()
  npu.vreduce <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%c : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1] temporary 4096

  // Scans along an axis.
  // CHECK: npu.vcumulate <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1
  // GENERIC: "npu.vcumulate"(%a, %o) <{kind = #npu.accumulation<sum>, axis = 1 : i64}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vcumulate <sum> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1
  // CHECK: npu.vcumulate <prod> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1
  // GENERIC: "npu.vcumulate"(%a, %o) <{kind = #npu.accumulation<prod>, axis = 1 : i64}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vcumulate <prod> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1
  // CHECK: npu.vcumulate <max> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1
  // GENERIC: "npu.vcumulate"(%a, %o) <{kind = #npu.accumulation<max>, axis = 1 : i64}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vcumulate <max> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1
  // CHECK: npu.vcumulate <min> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1
  // GENERIC: "npu.vcumulate"(%a, %o) <{kind = #npu.accumulation<min>, axis = 1 : i64}> : (memref<8x64xf32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vcumulate <min> ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>) axis 1

  // Rearrangement and indices.
  // CHECK: npu.vtranspose ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%t : memref<64x8xf32, #npu.scope<ub>>) permutation [1, 0]
  // GENERIC: "npu.vtranspose"(%a, %t) <{permutation = array<i64: 1, 0>}> : (memref<8x64xf32, #npu.scope<ub>>, memref<64x8xf32, #npu.scope<ub>>) -> ()
  npu.vtranspose ins(%a : memref<8x64xf32, #npu.scope<ub>>) outs(%t : memref<64x8xf32, #npu.scope<ub>>) permutation [1, 0]
  // CHECK: npu.varange outs(%i : memref<8x64xi32, #npu.scope<ub>>) axis 1
  // GENERIC: "npu.varange"(%i) <{axis = 1 : i64}> : (memref<8x64xi32, #npu.scope<ub>>) -> ()
  npu.varange outs(%i : memref<8x64xi32, #npu.scope<ub>>) axis 1
  // CHECK: npu.vgather ins(%v, %i : memref<64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  // GENERIC: "npu.vgather"(%v, %i, %o) : (memref<64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>) -> ()
  npu.vgather ins(%v, %i : memref<64xf32, #npu.scope<ub>>, memref<8x64xi32, #npu.scope<ub>>) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
}
