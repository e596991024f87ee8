import * as nest from '@nestjs/microservices';
import { holdReplies } from '../replies/client.js';
import { holdSending } from './sending.js';

/** Holds every client of Nest's own classes, and of those that extend them, so that one which is made by hand is held too. */
export function holdNestClients(): void {
  const classes = [
    nest.ClientTCP,
    nest.ClientRedis,
    nest.ClientNats,
    nest.ClientRMQ,
    nest.ClientMqtt,
    nest.ClientKafka,
    nest.ClientGrpcProxy,
  ];
  for (const { prototype } of classes) {
    holdReplies(prototype);
    holdSending(prototype);
  }
}
