import { type BullRegistrar, WorkerHost } from '@nestjs/bullmq';
import type { ModulesContainer } from '@nestjs/core';
import { outsideAnyTenant } from '../context/enter.js';
import { isUntenantedHandler } from '../entrances/untenanted.decorator.js';
import { refuseOverwritten } from './classes.js';
import { workerWallOf } from './tenant-worker.js';
import { type Wiring, whileWiring } from './wiring.js';

/**
 * Makes the workers and listeners of an application outside every tenant (Q1, Q21), each with its wiring. An application with
 * `manualRegistration` calls the same method when it likes.
 */
export function holdRegistrar(registrar: BullRegistrar, modules: ModulesContainer, wiring: Wiring): void {
  const register = registrar.register.bind(registrar);
  registrar.register = () => {
    refuseOverwritten();
    outsideAnyTenant(() => whileWiring(wiring, register));
    // They fetch their first job later than this.
    clearUntenanted(modules);
  };
}

function clearUntenanted(modules: ModulesContainer): void {
  for (const module of modules.values()) {
    for (const { instance } of module.providers.values()) {
      if (!(instance instanceof WorkerHost)) continue;
      const wall = workerWallOf((instance as unknown as { readonly _worker?: object })._worker ?? {});
      if (wall && isUntenantedHandler(instance.process, instance.constructor)) wall.untenanted = true;
    }
  }
}
